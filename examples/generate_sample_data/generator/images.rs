//! The programs and libraries of the invented estate: what a Defender export says of a file, and how common and
//! how well signed it is. Hashes are made from the path, so one file has one set of hashes in every scenario, and
//! none of them is the hash of a real file.

use sha2::{Digest, Sha256};

/// Who signed a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publisher {
    Windows,
    Microsoft,
    Vendor(&'static str),
    Nobody,
}

/// What the service knows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prevalence {
    /// Seen on so many machines.
    Seen(i64),
    /// Not seen before: the profile has no row for it.
    Unknown,
}

#[derive(Debug)]
pub struct Image {
    pub path: &'static str,
    pub company: &'static str,
    pub product: &'static str,
    pub version: &'static str,
    pub original_name: &'static str,
    pub description: &'static str,
    pub publisher: Publisher,
    pub prevalence: Prevalence,
}

impl Image {
    pub fn file_name(&self) -> &'static str {
        self.path.rsplit('\\').next().unwrap_or(self.path)
    }

    pub fn internal_name(&self) -> &'static str {
        self.original_name.split('.').next().unwrap_or(self.original_name)
    }

    pub fn hashes(&self) -> Hashes {
        Hashes::of(self.path)
    }
}

/// The made-up hashes and the size of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashes {
    pub sha1: String,
    pub sha256: String,
    pub md5: String,
    pub size: i64,
}

impl Hashes {
    pub fn of(file: &str) -> Self {
        let file = file.to_lowercase();
        let sha256 = digest("sha256", &file);
        let size = i64::from_str_radix(sha256.get(..5).unwrap_or_default(), 16).unwrap_or(0) / 512 * 512 + 24_576;
        Hashes {
            sha1: digest("sha1", &file).chars().take(40).collect(),
            md5: digest("md5", &file).chars().take(32).collect(),
            sha256,
            size,
        }
    }
}

/// A hexadecimal text of 64 digits that depends on its arguments alone.
pub fn digest(kind: &str, name: &str) -> String {
    let bytes = Sha256::digest(format!("whippet sample data: {kind}: {name}").as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const fn windows(path: &'static str, original_name: &'static str, description: &'static str) -> Image {
    Image {
        path,
        company: "Microsoft Corporation",
        product: "Microsoft® Windows® Operating System",
        version: "10.0.20348.2849",
        original_name,
        description,
        publisher: Publisher::Windows,
        prevalence: Prevalence::Seen(14_803_112),
    }
}

const fn microsoft(
    path: &'static str,
    product: &'static str,
    version: &'static str,
    original_name: &'static str,
    description: &'static str,
) -> Image {
    Image {
        path,
        company: "Microsoft Corporation",
        product,
        version,
        original_name,
        description,
        publisher: Publisher::Microsoft,
        prevalence: Prevalence::Seen(2_117_940),
    }
}

const fn vendor(
    path: &'static str,
    company: &'static str,
    product: &'static str,
    version: &'static str,
    description: &'static str,
    prevalence: i64,
) -> Image {
    Image {
        path,
        company,
        product,
        version,
        original_name: "",
        description,
        publisher: Publisher::Vendor(company),
        prevalence: Prevalence::Seen(prevalence),
    }
}

const fn unsigned(path: &'static str, prevalence: Prevalence) -> Image {
    Image {
        path,
        company: "",
        product: "",
        version: "",
        original_name: "",
        description: "",
        publisher: Publisher::Nobody,
        prevalence,
    }
}

const SQL: &str = "Microsoft SQL Server";
const SQL_VERSION: &str = "16.0.4165.4";
const OFFICE: &str = "Microsoft Office";
const OFFICE_VERSION: &str = "16.0.17928.20392";
const DEFENDER: &str = "Microsoft Defender";
const DEFENDER_VERSION: &str = "4.18.26010.5";

macro_rules! images {
    ($($name:ident = $image:expr;)*) => {
        $(pub static $name: Image = $image;)*
        /// Every file that the scenarios run or load.
        pub static ALL: &[&Image] = &[$(&$name),*];
    };
}

images! {
    SYSTEM = windows(r"C:\Windows\System32\ntoskrnl.exe", "ntkrnlmp.exe", "NT Kernel & System");
    SMSS = windows(r"C:\Windows\System32\smss.exe", "smss.exe", "Windows Session Manager");
    CSRSS = windows(r"C:\Windows\System32\csrss.exe", "CSRSS.Exe", "Client Server Runtime Process");
    WININIT = windows(r"C:\Windows\System32\wininit.exe", "WinInit.exe", "Windows Start-Up Application");
    WINLOGON = windows(r"C:\Windows\System32\winlogon.exe", "WINLOGON.EXE", "Windows Logon Application");
    SERVICES = windows(r"C:\Windows\System32\services.exe", "services.exe", "Services and Controller app");
    LSASS = windows(r"C:\Windows\System32\lsass.exe", "lsass.exe", "Local Security Authority Process");
    SVCHOST = windows(r"C:\Windows\System32\svchost.exe", "svchost.exe", "Host Process for Windows Services");
    SPOOLSV = windows(r"C:\Windows\System32\spoolsv.exe", "spoolsv.exe", "Spooler SubSystem App");
    TASKHOSTW = windows(r"C:\Windows\System32\taskhostw.exe", "taskhostw.exe", "Host Process for Windows Tasks");
    WMIPRVSE = windows(r"C:\Windows\System32\wbem\WmiPrvSE.exe", "Wmiprvse.exe", "WMI Provider Host");
    DLLHOST = windows(r"C:\Windows\System32\dllhost.exe", "dllhost.exe", "COM Surrogate");
    RUNTIMEBROKER = windows(r"C:\Windows\System32\RuntimeBroker.exe", "RuntimeBroker.exe", "Runtime Broker");
    SEARCHINDEXER = windows(r"C:\Windows\System32\SearchIndexer.exe", "SearchIndexer.exe", "Microsoft Windows Search Indexer");
    USERINIT = windows(r"C:\Windows\System32\userinit.exe", "USERINIT.EXE", "Userinit Logon Application");
    EXPLORER = windows(r"C:\Windows\explorer.exe", "EXPLORER.EXE", "Windows Explorer");
    CONHOST = windows(r"C:\Windows\System32\conhost.exe", "CONHOST.EXE", "Console Window Host");
    CMD = windows(r"C:\Windows\System32\cmd.exe", "Cmd.Exe", "Windows Command Processor");
    POWERSHELL = windows(r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe", "PowerShell.EXE", "Windows PowerShell");
    WHOAMI = windows(r"C:\Windows\System32\whoami.exe", "whoami.exe", "whoami - displays logged on user information");
    NET = windows(r"C:\Windows\System32\net.exe", "net.exe", "Net Command");
    NET1 = windows(r"C:\Windows\System32\net1.exe", "net1.exe", "Net Command");
    IPCONFIG = windows(r"C:\Windows\System32\ipconfig.exe", "ipconfig.exe", "IP Configuration Utility");
    CERTUTIL = windows(r"C:\Windows\System32\certutil.exe", "CertUtil.exe", "CertUtil.exe");
    ROBOCOPY = windows(r"C:\Windows\System32\Robocopy.exe", "robocopy.exe", "Microsoft Robocopy");
    HOSTNAME = windows(r"C:\Windows\System32\HOSTNAME.EXE", "hostname.exe", "Hostname APP");
    REG = windows(r"C:\Windows\System32\reg.exe", "reg.exe", "Registry Console Tool");
    SCHTASKS = windows(r"C:\Windows\System32\schtasks.exe", "schtasks.exe", "Task Scheduler Configuration Tool");
    NOTEPAD = windows(r"C:\Windows\System32\notepad.exe", "NOTEPAD.EXE", "Notepad");
    MMC = windows(r"C:\Windows\System32\mmc.exe", "mmc.exe", "Microsoft Management Console");
    GPUPDATE = windows(r"C:\Windows\System32\gpupdate.exe", "GPUpdate.exe", "Microsoft® Group Policy Update Utility");
    RDPCLIP = windows(r"C:\Windows\System32\rdpclip.exe", "rdpclip.exe", "RDP Clipboard Monitor");
    USOCLIENT = windows(r"C:\Windows\System32\UsoClient.exe", "UsoClient", "UsoClient");
    COMPATTELRUNNER = windows(r"C:\Windows\System32\CompatTelRunner.exe", "CompatTelRunner.exe", "Microsoft Compatibility Telemetry");
    TIWORKER = windows(r"C:\Windows\WinSxS\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10.0.20348.2849_none_6f6a2a3f5a5b0b7e\TiWorker.exe", "TiWorker.exe", "Windows Modules Installer Worker");
    NTDLL = windows(r"C:\Windows\System32\ntdll.dll", "ntdll.dll", "NT Layer DLL");
    KERNEL32 = windows(r"C:\Windows\System32\kernel32.dll", "kernel32", "Windows NT BASE API Client DLL");
    AMSI = windows(r"C:\Windows\System32\amsi.dll", "amsi.dll", "Anti-Malware Scan Interface");
    TASKSCHD = windows(r"C:\Windows\System32\taskschd.dll", "taskschd.dll", "Task Scheduler COM API");
    WBEMCOMN = windows(r"C:\Windows\System32\wbemcomn.dll", "wbemcomn.dll", "WMI");
    WINHTTP = windows(r"C:\Windows\System32\winhttp.dll", "winhttp.dll", "Windows HTTP Services");
    CRYPT32 = windows(r"C:\Windows\System32\crypt32.dll", "CRYPT32.DLL", "Crypto API32");
    SAMCLI = windows(r"C:\Windows\System32\samcli.dll", "samcli.dll", "Security Accounts Manager Client DLL");
    URLMON = windows(r"C:\Windows\System32\urlmon.dll", "UrlMon.dll", "OLE32 Extensions for Win32");
    MSMPENG = microsoft(r"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.26010.5-0\MsMpEng.exe", DEFENDER, DEFENDER_VERSION, "MsMpEng.exe", "Antimalware Service Executable");
    MPCMDRUN = microsoft(r"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.26010.5-0\MpCmdRun.exe", DEFENDER, DEFENDER_VERSION, "MpCmdRun.exe", "Microsoft Malware Protection Command Line Utility");
    SENSE = microsoft(r"C:\Program Files\Windows Defender Advanced Threat Protection\MsSense.exe", "Microsoft Defender for Endpoint", "10.8807.20348.2849", "MsSense.exe", "Windows Defender Advanced Threat Protection Service Executable");
    EDGE = microsoft(r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe", "Microsoft Edge", "133.0.3065.92", "msedge.exe", "Microsoft Edge");
    OUTLOOK = microsoft(r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE", OFFICE, OFFICE_VERSION, "Outlook.exe", "Microsoft Outlook");
    EXCEL = microsoft(r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE", OFFICE, OFFICE_VERSION, "Excel.exe", "Microsoft Excel");
    WINWORD = microsoft(r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE", OFFICE, OFFICE_VERSION, "WinWord.exe", "Microsoft Word");
    CLICKTORUN = microsoft(r"C:\Program Files\Common Files\microsoft shared\ClickToRun\OfficeClickToRun.exe", OFFICE, OFFICE_VERSION, "OfficeClickToRun.exe", "Microsoft Office Click-to-Run (SxS)");
    MSO = microsoft(r"C:\Program Files\Microsoft Office\root\vfs\ProgramFilesCommonX64\Microsoft Shared\OFFICE16\MSO.DLL", OFFICE, OFFICE_VERSION, "MSO.dll", "Microsoft Office component");
    SQLSERVR = microsoft(r"C:\Program Files\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Binn\sqlservr.exe", SQL, SQL_VERSION, "SQLSERVR.EXE", "SQL Server Windows NT - 64 Bit");
    SQLAGENT = microsoft(r"C:\Program Files\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Binn\SQLAGENT.EXE", SQL, SQL_VERSION, "SQLAGENT.EXE", "SQLServerAgent - Service");
    SQLWRITER = microsoft(r"C:\Program Files\Microsoft SQL Server\90\Shared\sqlwriter.exe", SQL, SQL_VERSION, "SQLWRITER.EXE", "SQL Server VSS Writer - 64 Bit");
    SQLCEIP = microsoft(r"C:\Program Files\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Binn\sqlceip.exe", SQL, SQL_VERSION, "sqlceip.exe", "Sql Server Telemetry Client");
    SQLCMD = microsoft(r"C:\Program Files\Microsoft SQL Server\Client SDK\ODBC\170\Tools\Binn\SQLCMD.EXE", SQL, "15.0.4390.2", "sqlcmd.exe", "T-SQL execution tool");
    XPSTAR = microsoft(r"C:\Program Files\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Binn\xpstar.dll", SQL, SQL_VERSION, "xpstar.dll", "Extended Procedures for SQL Server");
    XPLOG70 = microsoft(r"C:\Program Files\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Binn\xplog70.dll", SQL, SQL_VERSION, "xplog70.dll", "Extended Procedures for SQL Server");
    CLR = microsoft(r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\clr.dll", "Microsoft® .NET Framework", "4.8.4739.0", "clr.dll", "Microsoft .NET Runtime Common Language Runtime - WorkStation");
    GEOTOOLS = vendor(r"C:\Deploy\Assemblies\GeoTools.SqlClr.dll", "Example Mapping Ltd", "GeoTools for SQL Server", "3.2.0.0", "GeoTools SQL CLR assembly", 1_904);
    LOGSHIP = vendor(r"C:\Program Files\Example Corp\LogShip\logship.exe", "Example Corp", "Log Shipping Monitor", "2.4.1.0", "Log shipping monitor", 12);
    SEVENZIP = Image {
        path: r"C:\Program Files\7-Zip\7z.exe",
        company: "Igor Pavlov",
        product: "7-Zip",
        version: "24.09",
        original_name: "7z.exe",
        description: "7-Zip Console",
        publisher: Publisher::Nobody,
        prevalence: Prevalence::Seen(1_338_204),
    };
    JAVA = vendor(r"C:\Program Files\Eclipse Adoptium\jdk-17.0.13.11-hotspot\bin\java.exe", "Eclipse Adoptium", "OpenJDK Platform binary", "17.0.13.0", "OpenJDK Platform binary", 884_302);
    JAVAW = vendor(r"C:\Program Files\Eclipse Adoptium\jdk-17.0.13.11-hotspot\bin\javaw.exe", "Eclipse Adoptium", "OpenJDK Platform binary", "17.0.13.0", "OpenJDK Platform binary", 691_877);
    LEGACY_JAVA = vendor(r"C:\Legacy\jre8\bin\Java.exe", "Example Systems", "Java Platform SE 8", "8.0.2020.8", "Java(TM) Platform SE binary", 2_204_118);
    PRUNSRV = vendor(r"C:\Orders\bin\orders-service.exe", "Apache Software Foundation", "Apache Commons Daemon Service Runner", "1.4.0.0", "Apache Commons Daemon Service Runner", 402_551);
    JVM = vendor(r"C:\Program Files\Eclipse Adoptium\jdk-17.0.13.11-hotspot\bin\server\jvm.dll", "Eclipse Adoptium", "OpenJDK Platform 17.0.13", "17.0.13.0", "OpenJDK 64-Bit server VM", 702_410);
    PAYLOAD = unsigned(r"C:\ProgramData\SvcUpd\updhost.exe", Prevalence::Unknown);
    SCANNER = unsigned(r"C:\Windows\Temp\nbtq.exe", Prevalence::Seen(7));
    LOADER = unsigned(r"C:\Windows\Temp\sys.exe", Prevalence::Unknown);
    MINER = unsigned(r"C:\Windows\Temp\kthreaddk.exe", Prevalence::Seen(193));
}
