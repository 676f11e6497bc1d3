//! What the file profile service would say of the files: the table behind `FileProfile()`.

use super::images::{ALL, Image, Prevalence, Publisher, digest};

const COLUMNS: [&str; 18] = [
    "SHA1",
    "SHA256",
    "MD5",
    "FileSize",
    "GlobalPrevalence",
    "GlobalFirstSeen",
    "GlobalLastSeen",
    "Signer",
    "Issuer",
    "SignerHash",
    "IsCertificateValid",
    "IsRootSignerMicrosoft",
    "SignatureState",
    "IsExecutable",
    "ThreatName",
    "Publisher",
    "SoftwareName",
    "ProfileAvailability",
];

/// One line a file, in CSV. A file that the service has never seen has no line.
pub fn file_profile() -> Result<String, Box<dyn std::error::Error>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for image in ALL {
        if let Prevalence::Seen(machines) = image.prevalence {
            writer.write_record(profile_of(image, machines))?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn profile_of(image: &Image, machines: i64) -> [String; 18] {
    let hashes = image.hashes();
    let (signer, issuer) = match image.publisher {
        Publisher::Windows => ("Microsoft Windows", "Microsoft Windows Production PCA 2011"),
        Publisher::Microsoft => ("Microsoft Corporation", "Microsoft Code Signing PCA 2011"),
        Publisher::Vendor(name) => (name, "Example Code Signing CA"),
        Publisher::Nobody => ("", ""),
    };
    let is_signed = !signer.is_empty();
    let signer_hash = if is_signed { digest("signer", signer).chars().take(40).collect() } else { String::new() };
    let is_microsoft = matches!(image.publisher, Publisher::Windows | Publisher::Microsoft);
    [
        hashes.sha1,
        hashes.sha256,
        hashes.md5,
        hashes.size.to_string(),
        machines.to_string(),
        "2025-06-11T04:20:00Z".to_owned(),
        "2026-03-01T22:15:00Z".to_owned(),
        signer.to_owned(),
        issuer.to_owned(),
        signer_hash,
        is_signed.to_string(),
        is_microsoft.to_string(),
        if is_signed { "SignedValid" } else { "Unsigned" }.to_owned(),
        "true".to_owned(),
        String::new(),
        image.company.to_owned(),
        image.product.to_owned(),
        "Available".to_owned(),
    ]
}
