//! Mail made up for tests: every shape that a mailbox holds, the same on every run.

/// A message and what its text must contain once it has been read.
pub struct Fixture {
    /// As it lies on the server, with CRLF.
    pub raw: Vec<u8>,
    /// Words that the text must contain; empty if there is nothing to read.
    pub says: &'static str,
}

/// One message of the kind `n`, all with different Message-IDs except where that is the point.
pub fn message(n: usize) -> Fixture {
    let head = format!(
        "From: Ana Example <ana{n}@example.org>\r\nTo: bo@example.net\r\nSubject: Message {n}\r\n\
         Date: Mon, 3 Feb 2025 10:{:02}:{:02} +0100\r\nMessage-ID: <m{n}@example.org>\r\nMIME-Version: 1.0\r\n",
        n / 60 % 60,
        n % 60
    );
    let (rest, says): (Vec<u8>, &'static str) = match n % 20 {
        0 => (b"Content-Type: text/plain; charset=utf-8\r\n\r\nPlease send the report by Friday.\r\n".to_vec(), "report by Friday"),
        1 => (b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xfc\xdfe aus K\xf6ln\r\n".to_vec(), "Grüße aus Köln"),
        2 => (b"Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8NLJ18XU\r\n".to_vec(), "Привет"),
        3 => (b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Only <b>HTML</b> here</p>\r\n".to_vec(), "Only HTML here"),
        4 => (
            b"Content-Type: multipart/alternative; boundary=b1\r\n\r\npreamble\r\n--b1\r\nContent-Type: text/plain\r\n\r\nThe plain side\r\n--b1\r\nContent-Type: text/html\r\n\r\n<p>The html side</p>\r\n--b1--\r\n".to_vec(),
            "The plain side",
        ),
        5 => (
            b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/related; boundary=i\r\n\r\n--i\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\ndeep text\r\n--a--\r\n--i\r\nContent-Type: image/png\r\nContent-ID: <l@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--i--\r\n--o\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--o--\r\n".to_vec(),
            "deep text",
        ),
        6 => (b"Content-Type: text/plain; charset=shift_jis\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\x93\xfa\x96{\x8c\xea\r\n".to_vec(), "日本語"),
        7 => (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nCaf=C3=A9 =\r\nau lait\r\n".to_vec(), "Café au lait"),
        8 => (b"Content-Type: text/plain; format=flowed\r\n\r\nflowed \r\ntext\r\n".to_vec(), "flowed text"),
        9 => (b"Content-Type: multipart/mixed; boundary=never\r\n\r\nno boundary in sight\r\n".to_vec(), "no boundary in sight"),
        10 => (b"\r\n".to_vec(), ""),
        11 => (b"Content-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: text/plain\r\n\r\ncut off in tr".to_vec(), "cut off in tr"),
        12 => (b"Content-Type: text/plain; charset=x-nobody-knows\r\n\r\nunknown charset\r\n".to_vec(), "unknown charset"),
        13 => (b"Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc4\xe3\xba\xc3\r\n".to_vec(), "你好"),
        14 => (
            b"Content-Type: multipart/mixed; boundary=f\r\n\r\n--f\r\n\r\nforwarded below\r\n--f\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y\r\nSubject: inner\r\n\r\ninner text\r\n--f--\r\n".to_vec(),
            "forwarded below",
        ),
        15 => (b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Plan\r\nDTSTART:20250210T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".to_vec(), ""),
        16 => (
            [b"Content-Type: text/plain\r\n\r\n".as_slice(), &[0, 255, 254, 128, 7].repeat(40), b"\r\njunk around words\r\n"].concat(),
            "junk around words",
        ),
        17 => (b"List-Id: <dev.example.org>\r\nPrecedence: list\r\nContent-Type: text/plain\r\n\r\na5 OK done\r\n* BYE\r\n)\r\n".to_vec(), "a5 OK done"),
        18 => (b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$BF|K\\\x1b(B\r\n".to_vec(), "日本"),
        _ => (b"Content-Type: text/plain\r\n\r\nThanks.\r\n\r\nOn Mon, 3 Feb 2025, Bo <bo@example.net> wrote:\r\n> old words\r\n".to_vec(), "Thanks."),
    };
    let mut raw = head.into_bytes();
    raw.extend(rest);
    Fixture { raw, says }
}

/// Messages that are hardly any: no headers, nothing at all, headers alone, junk.
pub fn odd() -> Vec<Fixture> {
    let fixture = |raw: &[u8], says| Fixture { raw: raw.to_vec(), says };
    vec![
        fixture(b"just some words without headers\r\n", "just some words"),
        fixture(b"\r\n", ""),
        fixture(b"Subject: headers and nothing else\r\n", ""),
        fixture(b"\xff\xfe\x00\x01\x80 binary\r\nmore\r\n", "more"),
        fixture(
            b"Subject: two\r\nSubject: subjects\r\nFrom: a@b\r\nFrom: c@d\r\n\r\nbody two\r\n",
            "body two",
        ),
        fixture(b"Subject: lone\n\nline feeds\n", "line feeds"),
    ]
}

/// A message with an attachment of about `bytes` bytes.
pub fn large(n: usize, bytes: usize) -> Fixture {
    let line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM=\r\n";
    let mut raw = format!(
        "From: ana@example.org\r\nSubject: Large {n}\r\nMessage-ID: <large{n}@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=big\r\n\r\n--big\r\nContent-Type: text/plain\r\n\r\nsee the attachment\r\n--big\r\n\
         Content-Type: application/octet-stream; name=big.bin\r\nContent-Disposition: attachment; filename=big.bin\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
    )
    .into_bytes();
    while raw.len() < bytes {
        raw.extend_from_slice(line);
    }
    raw.extend_from_slice(b"--big--\r\n");
    Fixture { raw, says: "see the attachment" }
}

/// `count` messages of all kinds, one of them with an attachment of 5 MB.
pub fn mixed(count: usize) -> Vec<Fixture> {
    let mut all = odd();
    all.push(large(0, 5 * 1024 * 1024));
    all.truncate(count);
    let left = count - all.len();
    all.extend((0..left).map(message));
    all
}
