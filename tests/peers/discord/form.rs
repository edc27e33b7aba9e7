//! `multipart/form-data`, as far as uploads need it.

use serde_json::Value;

/// One part of a form.
pub struct Part {
    pub name: String,
    pub file: Option<String>,
    pub bytes: Vec<u8>,
}

/// The parts of a body with this content type; `None` where it is none, or is damaged.
pub fn parts(content_type: &str, body: &[u8]) -> Option<Vec<Part>> {
    let boundary = content_type.strip_prefix("multipart/form-data")?.split("boundary=").nth(1)?.trim_matches('"');
    let marker = format!("--{boundary}").into_bytes();
    let mut found = Vec::new();
    let mut rest = &body[find(body, &marker)? + marker.len()..];
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let head_end = find(part, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&part[..head_end]).into_owned();
        let content = &part[head_end + 4..];
        let end = find(content, &[b"\r\n", marker.as_slice()].concat())?;
        let attribute = |name: &str| {
            let start = head.find(&format!("; {name}=\""))? + name.len() + 4;
            Some(head[start..start + head[start..].find('"')?].to_owned())
        };
        found.push(Part { name: attribute("name")?, file: attribute("filename"), bytes: content[..end].to_vec() });
        rest = &content[end + 2 + marker.len()..];
    }
    rest.starts_with(b"--").then_some(found)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

/// A body as JSON with the files that came along: `payload_json` of a form, or the body itself.
pub fn read(content_type: &str, body: &[u8]) -> Result<(Value, Vec<Part>), String> {
    if body.is_empty() {
        return Ok((Value::Null, Vec::new()));
    }
    if content_type.starts_with("multipart/form-data") {
        let all = parts(content_type, body).ok_or("a damaged form")?;
        let (json, files): (Vec<_>, Vec<_>) = all.into_iter().partition(|p| p.name == "payload_json");
        let json = json.first().ok_or("a form without payload_json")?;
        let json = serde_json::from_slice(&json.bytes).map_err(|e| format!("payload_json is no JSON: {e}"))?;
        return Ok((json, files));
    }
    if !content_type.starts_with("application/json") {
        return Err(format!("a body of type {content_type:?}"));
    }
    serde_json::from_slice(body).map(|json| (json, Vec::new())).map_err(|e| format!("the body is no JSON: {e}"))
}
