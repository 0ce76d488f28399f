//! A notice as a page to print, complete in itself: no script, no link, every value escaped.

use super::encode::Printed;

/// The media type.
pub(super) const CONTENT_TYPE: &str = "text/html; charset=utf-8";

const STYLE: &str = "@page{size:A4;margin:37mm 26mm 35mm 28mm}\
    body{font-family:FangSong,'仿宋',STFangsong,serif;font-size:16pt;line-height:28pt;color:#000;max-width:156mm;margin:0 auto}\
    header{text-align:center}\
    .issuer{font-family:SimSun,'宋体',serif;font-size:22pt;letter-spacing:.1em}\
    .number{text-align:right;margin:1em 0}\
    h1{font-family:SimHei,'黑体',sans-serif;font-size:20pt;font-weight:normal;margin:1em 0}\
    p{text-indent:2em;margin:0;text-align:justify;overflow-wrap:anywhere}\
    .addressee{text-indent:0}\
    footer{margin-top:3em;text-align:right}\
    .seal{margin:0 2em 0 0}\
    .receipt{margin-top:3em;border-top:1px solid #000;font-size:12pt;text-align:left}\
    .void{position:fixed;top:40%;left:15%;font-size:96pt;opacity:.2;transform:rotate(-20deg)}";

/// The page. `revoked` is printed across one that no longer holds.
pub(super) fn page(printed: &Printed, digest: &str, revoked: bool) -> String {
    let title = escape(&printed.title);
    let paragraphs: String = printed
        .paragraphs
        .iter()
        .map(|text| format!("<p>{}</p>\n", escape(text)))
        .collect();
    let basis = escape(&printed.basis.join(";"));
    let void = if revoked {
        "<div class=\"void\">作废</div>\n"
    } else {
        ""
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title} {number}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{void}\
         <header>\n<div class=\"issuer\">{issuer}</div>\n<h1>{title}</h1>\n</header>\n\
         <div class=\"number\">{number}</div>\n<p class=\"addressee\">{addressee}:</p>\n{paragraphs}\
         <p>法律依据:{basis}。</p>\n\
         <footer>\n<div class=\"seal\">{issuer}(印章)</div>\n<div class=\"seal\">{date}</div>\n</footer>\n\
         <div class=\"receipt\">送达人:________ 受送达人(签名):________ 送达时间:____年__月__日<br>\n\
         文书摘要(SM3):{digest}</div>\n</body>\n</html>\n",
        number = escape(&printed.number),
        issuer = escape(&printed.issuer_name),
        addressee = escape(&printed.addressee),
        date = escape(&printed.date),
        digest = escape(digest),
    )
}

/// Text as it may stand between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed() -> Printed {
        Printed {
            number: "城中控辍〔2026〕12号".into(),
            issuer_name: "城中区教育局".into(),
            title: "责令送被监护人接受义务教育通知书".into(),
            addressee: "<script>alert(1)</script>".into(),
            paragraphs: vec!["一\" onload='x' & <b>".into(), "二".into()],
            basis: vec!["中华人民共和国未成年人保护法 第八十三条".into()],
            date: "2026年4月1日".into(),
            days: 10,
        }
    }

    #[test]
    fn nothing_that_people_wrote_becomes_markup() {
        let page = page(&printed(), "ab", false);
        assert!(!page.contains("<script") && !page.contains("<b>"));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(page.contains("一&quot; onload=&#39;x&#39; &amp; &lt;b&gt;"));
    }

    #[test]
    fn a_page_has_number_addressee_body_seal_and_date_and_asks_for_nothing_from_outside() {
        let page = page(&printed(), "ab", false);
        for part in ["城中控辍〔2026〕12号", "印章", "2026年4月1日", "第八十三条"]
        {
            assert!(page.contains(part), "{part}");
        }
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("作废"));
    }

    #[test]
    fn a_revoked_notice_says_so_across_the_page() {
        assert!(page(&printed(), "ab", true).contains("作废"));
    }
}
