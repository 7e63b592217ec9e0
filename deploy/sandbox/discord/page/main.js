/** Starts the page. The address names the person and what is open: `#/mika/<channel>/<thread>`. */

import { fetchGuild, fetchPeople } from "./api.js";
import { App } from "./app.js";
import { el } from "./dom.js";
import { updateRelativeTimes } from "./render/time.js";
import { Session } from "./session.js";
import { restoreTheme } from "./theme.js";

const RETRY_MS = 1000;
const PERSON_KEY = "person";

/** Resolves to the guild with its people as soon as the sandbox answers. */
async function waitForGuild() {
  const waiting = el("div", { className: "boot", role: "status" });
  for (;;) {
    try {
      const guild = { ...await fetchGuild(), people: await fetchPeople() };
      waiting.remove();
      return guild;
    } catch (error) {
      waiting.textContent = error.message;
      document.body.append(waiting);
      await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    }
  }
}

const addressParts = () => location.hash.split("/").slice(1).map(decodeURIComponent);

function openAddress(person, ...channels) {
  location.hash = ["#", person.name, ...channels.filter(Boolean)].join("/");
}

class Page {
  constructor(guild) {
    this.guild = guild;
    this.people = guild.people;
    this.app = null;
    this.turn = 0;
  }

  /** Shows what the address names. */
  async showAddress() {
    const [name, channelId, threadId] = addressParts();
    const person = this.people.find((candidate) => candidate.name === name) ?? this.lastPerson();
    if (this.app?.session.me.id !== person.id && !(await this.switchTo(person))) return;
    const { channels } = this.app.session.store;
    const first = this.app.session.store.topChannels()[0]?.id;
    const main = channels.has(channelId) ? channelId : first;
    this.app.open(main, main === channelId && channels.has(threadId) ? threadId : undefined);
  }

  lastPerson() {
    const name = localStorage.getItem(PERSON_KEY);
    return this.people.find((person) => person.name === name) ?? this.people[0];
  }

  /** @returns {Promise<boolean>} false if the person was switched again meanwhile */
  async switchTo(person) {
    this.turn += 1;
    const { turn } = this;
    localStorage.setItem(PERSON_KEY, person.name);
    const session = new Session(person, this.guild);
    this.app?.close();
    this.app = new App(session, {
      show: (channelId, threadId) => openAddress(person, channelId, threadId),
      switchPerson: (other) => openAddress(other, addressParts()[1]),
    });
    document.body.append(this.app.root);
    this.app.drawStatus();
    await session.open();
    return turn === this.turn;
  }
}

restoreTheme();
updateRelativeTimes(document);
const page = new Page(await waitForGuild());
window.addEventListener("hashchange", () => page.showAddress());
await page.showAddress();
