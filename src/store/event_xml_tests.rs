//! What is read out of an event's XML.

use super::*;

const PROCESS: &str = r#"<?xml version="1.0"?><Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name='Microsoft-Windows-Sysmon' Guid="{1}"/><EventID>1</EventID><TimeCreated SystemTime="2025-01-02T03:04:05.6789Z"/><EventRecordID>7</EventRecordID><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>H1</Computer><Security UserID="S-1-5-18"/></System><EventData><Data Name="Image">C:\a &amp; b.exe</Data><Data Name="Empty"/><Data>x&#65;y</Data></EventData></Event>"#;

#[test]
fn system_and_data_are_read() {
    let event = EventXml::parse(PROCESS).unwrap();
    assert_eq!(event.provider, "Microsoft-Windows-Sysmon");
    assert_eq!(event.event_id, "1");
    assert_eq!(event.record_id, "7");
    assert_eq!(event.user_id, "S-1-5-18");
    assert_eq!(event.field("Image"), Some("C:\\a & b.exe"));
    assert_eq!(event.field("Empty"), Some(""));
    assert_eq!(event.positional(0), Some("xAy"));
    assert!(event.event_data.starts_with("<EventData><Data Name=\"Image\">"));
    assert!(event.event_data.ends_with("</EventData>"));
}

#[test]
fn plain_data_and_other_data_keep_their_order() {
    let event = EventXml::parse(
        "<Event><EventData>\n <Data Name=\"a\">1</Data><Data Name=\"b\"/><Data Name='c'>&lt;3</Data>\
         <Data Name=\"d\"></Data><Data Name=\"e\">5<!-- no --></Data><Data>6</Data></EventData></Event>",
    )
    .unwrap();
    let found: Vec<(&str, &str)> = event.fields.iter().map(|f| (f.name.as_ref(), f.value.as_ref())).collect();
    assert_eq!(found, [("a", "1"), ("b", ""), ("c", "<3"), ("d", ""), ("e", "5"), ("", "6")]);
}

#[test]
fn the_quick_way_through_system_says_what_the_careful_one_says() {
    let quick = EventXml::parse(
        "<Event><System><Provider Name=\"P\" Guid=\"{1}\"/><EventID Qualifiers=\"0\">7</EventID><Level>4</Level>\
         <Keywords/><Correlation ActivityID=\"{2}\"/><Execution ProcessID=\"5\" ThreadID=\"6\"/>\
         <Channel>a &amp; b</Channel><Computer>H</Computer><Security UserID=\"S\"/></System></Event>",
    );
    let careful = EventXml::parse(
        "<Event><System>\n<Provider Name='P' Guid='{1}'></Provider><!-- --><EventID Qualifiers='0'>7</EventID >\
         <Level>4<!-- --></Level><Keywords></Keywords ><Correlation ActivityID='{2}'/>\
         <Execution ProcessID='5' ThreadID='6'/><Channel>a <![CDATA[&]]> b</Channel><Computer>H</Computer >\
         <Security UserID='S'/></System></Event>",
    );
    assert_eq!(quick, careful);
    assert_eq!(quick.unwrap().process_id, "5");
    assert!(EventXml::parse("<Event><System><Level>4</Leve></System></Event>").is_err());
    assert!(EventXml::parse("<Event><System><Provider Name=\"P\" Guid/></System></Event>").is_err());
}

#[test]
fn an_empty_value_that_is_laid_out_is_empty() {
    let event = EventXml::parse(
        "<Event>\n <EventData>\n  <Data Name=\"a\">\n  </Data>\n  <Data Name='b'>\r\n  </Data><Data Name='c'>\n x</Data>\
         <Data> </Data>\n </EventData>\n</Event>",
    )
    .unwrap();
    let found: Vec<&str> = event.fields.iter().map(|field| field.value.as_ref()).collect();
    assert_eq!(found, ["", "", "\n x", " "]);
}

#[test]
fn data_whose_tag_is_damaged_keep_their_names() {
    let event = EventXml::parse(
        "<Event><EventData><Dava Name=\"a\">1</Dava>< Name=\"b\">2</><other>3</other></EventData></Event>",
    )
    .unwrap();
    assert_eq!((event.field("a"), event.field("b"), event.field("other")), (Some("1"), Some("2"), Some("3")));
}

#[test]
fn user_data_leaves_have_paths() {
    let event = EventXml::parse(
        "<Event><System><EventID>1102</EventID></System><UserData><LogFileCleared xmlns='x'>\n<SubjectUserName>bob</SubjectUserName>\n</LogFileCleared></UserData></Event>",
    )
    .unwrap();
    assert_eq!(event.field("LogFileCleared.SubjectUserName"), Some("bob"));
    assert_eq!(event.fields.len(), 1);
}

#[test]
fn what_windows_could_not_write_as_event_data_is_read_too() {
    let body = "<ProcessingErrorData><ErrorCode>15005</ErrorCode><DataItemName>shellId</DataItemName>\
                <EventPayload>6800</EventPayload></ProcessingErrorData>";
    let text = format!("<Event><System><EventID>91</EventID></System>{body}</Event>");
    let event = EventXml::parse(&text).unwrap();
    assert_eq!(event.event_data, body);
    assert_eq!((event.field("ErrorCode"), event.field("EventPayload")), (Some("15005"), Some("6800")));
    let debug = "<Event><DebugData><SequenceNumber>1</SequenceNumber><Message>m</Message></DebugData></Event>";
    assert_eq!(EventXml::parse(debug).unwrap().field("Message"), Some("m"));
    let bytes = EventXml::parse("<Event><BinaryEventData>00FF</BinaryEventData></Event>").unwrap();
    assert_eq!((bytes.binary.as_ref(), bytes.event_data), ("00FF", "<BinaryEventData>00FF</BinaryEventData>"));
}

#[test]
fn broken_events_say_where() {
    assert_eq!(EventXml::parse("<Event><System>").unwrap_err().reason, "the event ends early");
    assert_eq!(EventXml::parse("<Other/>").unwrap_err().offset, 0);
    assert_eq!(EventXml::parse(" <Other><a>1</a></Other>").unwrap_err().offset, 1);
    let damaged = EventXml::parse("<Ev\u{165}nt><System><EventID>5</EventID></System></Ev\u{165}nt>").unwrap();
    assert_eq!(damaged.event_id, "5");
    assert!(EventXml::parse("<!DOCTYPE a><Event/>").is_err());
    assert!(EventXml::parse("<Event></System>").is_err());
    let deep = format!("<Event>{}", "<a>".repeat(100));
    assert_eq!(EventXml::parse(&deep).unwrap_err().reason, "elements nest too deep");
}

#[test]
fn an_ampersand_that_is_no_entity_stays() {
    assert_eq!(unescape("a & b &lt;c&gt; &#x41;&bogus;"), "a & b <c> A&bogus;");
}

#[test]
fn positional_values_in_one_text_are_values() {
    let listed = "&lt;string&gt;sa&lt;/string&gt;\n&lt;string&gt; Reason: no\nmore&lt;/string&gt;\n&lt;string&gt;&lt;/string&gt;\n";
    let text = format!("<Event><EventData><Data>{listed}</Data><Data>x</Data></EventData></Event>");
    let event = EventXml::parse(&text).unwrap();
    let found: Vec<&str> = event.fields.iter().map(|field| field.value.as_ref()).collect();
    assert_eq!(found, ["sa", " Reason: no\nmore", "", "x"]);
    let text = "<Event><EventData><Data>&lt;string&gt;is a tag</Data></EventData></Event>";
    assert_eq!(EventXml::parse(text).unwrap().fields[0].value, "<string>is a tag");
}
