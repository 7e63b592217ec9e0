"""Markdown on the page. Each case is a text and the HTML structure that it becomes."""

import pytest
import pytest_asyncio
from playwright.async_api import Page

from deploy.sandbox.discord.server import DiscordStandIn
from tests.deploy.sandbox.discord.page.screen import Open

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

DRAW = """async (text) => {
  const { markdown } = await import("./page/render/markdown.js");
  const names = {
    userName: (id) => `user${id}`, roleName: (id) => `role${id}`, channelName: (id) => `channel${id}`,
    openChannel: () => {}, typeCommand: () => {},
  };
  const box = document.createElement("div");
  box.append(markdown(text, names));
  for (const element of box.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) if (name !== "href") element.removeAttribute(name);
  }
  return box.innerHTML;
}"""

CASES = {
    "**bold** and *italic*": "<strong>bold</strong> and <em>italic</em>",
    "***both***": "<strong><em>both</em></strong>",
    "**bold with *italic* in it**": "<strong>bold with <em>italic</em> in it</strong>",
    "__under__ ~~gone~~ _slanted_": "<u>under</u> <s>gone</s> <em>slanted</em>",
    "val_accuracy_max 2*3*4": "val_accuracy_max 2<em>3</em>4",
    "2 * 3 * 4": "2 * 3 * 4",
    "`**code**` ``a ` b``": "<code>**code**</code> <code>a ` b</code>",
    r"\*not italic\*": "*not italic*",
    "<script>alert(1)</script>": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[x](javascript:alert(1))": "[x](javascript:alert(1))",
    "[docs](https://example.org/a)": '<a href="https://example.org/a">docs</a>',
    "see https://example.org/a_b_c.": 'see <a href="https://example.org/a_b_c">https://example.org/a_b_c</a>.',
    "<@1> <@!2> <@&3>": "<span>@user1</span> <span>@user2</span> <span>@role3</span>",
    "</train:4> </試-train:5>": "<button>/train</button> <button>/試-train</button>",
    "<#5>": "<button>#channel5</button>",
    "https://discord.com/channels/1/5": "<button>#channel5</button>",
    "<https://discord.com/channels/1/5/6>": "<button>#channel5 \u203a message</button>",
    "||secret||": "<span><span>secret</span></span>",
    "<t:0:d>": "<time>01/01/1970</time>",
    "# One\n## Two\ntext": "<h3>One</h3><h4>Two</h4>text",
    "-# small": "<small>small</small>",
    "#no heading": "#no heading",
    "a\n> b\n> c\nd": "a<blockquote>b\nc</blockquote>d",
    ">>> a\nb": "<blockquote>a\nb</blockquote>",
    "- a\n  - b\n- c\n1. d\n2. e": "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul><ol><li>d</li><li>e</li></ol>",
    "```py\nx = 1\n```": "<pre><code>x = 1</code></pre>",
    "see ```a b``` there": "see <pre><code>a b</code></pre> there",
    "```\n<@1> **x**\n```": "<pre><code>&lt;@1&gt; **x**</code></pre>",
    "```open": "```open",
    "a\n\nb": "a\n\nb",
}


@pytest_asyncio.fixture(loop_scope="session")
async def page(stand_in: DiscordStandIn, open_page: Open) -> Page:
    return (await open_page()).page


async def test_markdown_structure(page: Page) -> None:
    assert {text: await page.evaluate(DRAW, text) for text in CASES} == CASES


async def test_longest_message_is_drawn_without_delay(page: Page) -> None:
    """Markup that is opened and never closed must not make the page stall."""
    elapsed = "async (text) => { const start = performance.now(); await (%s)(text); return performance.now() - start; }"
    for mark in ("*", "_", "`", "||", "~~", "[", "<", "**a "):
        assert await page.evaluate(elapsed % DRAW, mark * (4096 // len(mark))) < 2000
