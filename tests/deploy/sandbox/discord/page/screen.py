"""One person's page, with shortcuts for tests."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Locator, Page

PASTE = """(text) => {
  const field = document.activeElement;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new InputEvent("input", { inputType: "insertFromPaste", data: text, bubbles: true }));
}"""


@dataclass(frozen=True)
class Screen:
    """One person's page."""

    page: Page

    @property
    def box(self) -> Locator:
        """The channel's message box, whichever of its fields has the focus."""
        return self.page.locator(".pane").first.get_by_role("combobox", name=re.compile("^Message "))

    @property
    def picker(self) -> Locator:
        return self.page.get_by_role("listbox", name="Suggestions").get_by_role("option")

    @property
    def picked(self) -> Locator:
        return self.page.locator(".picker-item.active .picker-title")

    @property
    def log(self) -> Locator:
        return self.page.locator(".pane").first.get_by_role("log")

    @property
    def side(self) -> Locator:
        """The thread beside the channel."""
        return self.page.locator(".pane").nth(1)

    def message(self, text: str | re.Pattern[str]) -> Locator:
        return self.log.locator(".message").filter(has_text=text)

    async def type(self, text: str) -> None:
        """Type into the channel's message box, key by key."""
        await self.box.focus()
        await self.page.keyboard.type(text)

    async def paste(self, text: str) -> None:
        """Paste into the field that has the focus, as the browser does."""
        await self.page.evaluate(PASTE, text)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def submit(self, line: str) -> None:
        await self.type(line)
        await self.press("Enter")


Open = Callable[..., Awaitable[Screen]]
