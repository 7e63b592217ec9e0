/** Starts the page. Its address says who one is and what is open: `#/mika/<channel>/<thread>`. */

import { fetchGuild, fetchPeople } from "./api.js";
import { App } from "./app.js";
import { el } from "./dom.js";
import { keepRelativeTimes } from "./render/time.js";
import { Session } from "./session.js";
import { restoreTheme } from "./theme.js";

const RETRY_MS = 1000;
const PERSON_KEY = "person";

/** The guild with its people, as soon as the sandbox answers. */
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

const route = () => location.hash.split("/").slice(1).map(decodeURIComponent);

function go(person, ...channels) {
  location.hash = ["#", person.name, ...channels.filter(Boolean)].join("/");
}

class Page {
  constructor(guild) {
    this.guild = guild;
    this.people = guild.people;
    this.app = null;
    this.turn = 0;
  }

  /** Makes the screen agree with the address. */
  async follow() {
    const [name, channelId, threadId] = route();
    const person = this.people.find((candidate) => candidate.name === name) ?? this.remembered();
    if (this.app?.session.me.id !== person.id && !(await this.become(person))) return;
    const { channels } = this.app.session.store;
    const first = this.app.session.store.topChannels()[0]?.id;
    const main = channels.has(channelId) ? channelId : first;
    this.app.open(main, main === channelId && channels.has(threadId) ? threadId : undefined);
  }

  remembered() {
    const name = localStorage.getItem(PERSON_KEY);
    return this.people.find((person) => person.name === name) ?? this.people[0];
  }

  /** @returns {Promise<boolean>} false where somebody else was asked for meanwhile */
  async become(person) {
    this.turn += 1;
    const { turn } = this;
    localStorage.setItem(PERSON_KEY, person.name);
    const session = new Session(person, this.guild);
    this.app?.close();
    this.app = new App(session, {
      show: (channelId, threadId) => go(person, channelId, threadId),
      switchPerson: (other) => go(other, route()[1]),
    });
    document.body.append(this.app.root);
    this.app.drawStatus();
    await session.open();
    return turn === this.turn;
  }
}

restoreTheme();
keepRelativeTimes(document);
const page = new Page(await waitForGuild());
window.addEventListener("hashchange", () => page.follow());
await page.follow();
