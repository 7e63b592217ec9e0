/** One person using the page: keeps their store up to date, and does what they ask. */

import { PersonApi } from "./api.js";
import { EventStream } from "./events.js";
import { idNow } from "./snowflake.js";
import { EPHEMERAL, Store } from "./store.js";

/** A command that takes longer than this shows "Sending command…". */
const SHOW_SENDING_MS = 250;
const NO_ANSWER = "The application did not respond";

export class Session {
  /** @param {Object} me one of the people @param {Object} guild with `name`, `people`, `roles`, `application` */
  constructor(me, guild) {
    this.me = me;
    this.people = guild.people;
    this.guildName = guild.name;
    this.api = new PersonApi(me.name);
    this.store = new Store(me, guild);
    /** "connecting", "open" or "lost" */
    this.connection = "connecting";
    /** Message id to the custom_id of the click that is waiting for an answer. */
    this.pending = new Map();
    /** Message id to the error of its last click. */
    this.failures = new Map();
    /** Events to apply once the channels have been read, otherwise null. */
    this.queuedEvents = null;
    this.dismissed = new Set(JSON.parse(sessionStorage.getItem("dismissed") ?? "[]"));
  }

  /** Connects. Resolves when channels and commands have been read. */
  open() {
    return new Promise((resolve) => {
      this.stream = new EventStream(this.api.eventsUrl(), {
        onOpen: (again) => this.catchUp(again).then(resolve),
        onEvent: (event) => this.receive(event),
        onLost: () => this.setConnection("lost"),
      });
    });
  }

  close() {
    this.stream.close();
  }

  setConnection(state) {
    this.connection = state;
    this.store.emit("connection", state);
  }

  receive(event) {
    if (this.queuedEvents) this.queuedEvents.push(event);
    else this.apply(event);
  }

  apply(event) {
    if (event.t === "COMMANDS_UPDATE") this.loadCommands().catch(() => this.stream.socket.close());
    else this.store.apply(event);
  }

  /** Reads what may have been missed without a connection. The list of channels must not undo newer events. */
  async catchUp(again) {
    const queue = [];
    this.queuedEvents = queue;
    try {
      const channels = await this.api.channels();
      if (this.queuedEvents !== queue) return;
      this.store.setChannels(channels);
      this.queuedEvents = null;
      queue.forEach((event) => this.apply(event));
      await this.loadCommands();
      if (again) await this.refreshTimelines();
      this.setConnection("open");
    } catch {
      this.stream.socket.close();
    }
  }

  async loadCommands() {
    const request = this.api.commands();
    this.commandsRequest = request;
    const commands = await request;
    if (this.commandsRequest === request) this.store.commands = commands;
  }

  /** Reads again what is on screen. The rest is read when it is opened. */
  async refreshTimelines() {
    this.store.previews.clear();
    this.store.previewRequests.clear();
    this.store.starters.clear();
    for (const id of [...this.store.timelines.keys()]) {
      if (this.store.watched.has(id)) await this.loadChannel(id);
      else this.store.timelines.delete(id);
    }
  }

  async loadChannel(channelId) {
    await this.store.timeline(channelId).loadNewest((window) => this.fetchPage(channelId, window));
    this.store.emit("messages", channelId);
  }

  async loadOlder(channelId) {
    await this.store.timeline(channelId).loadOlder((window) => this.fetchPage(channelId, window));
    this.store.emit("messages", channelId);
  }

  async fetchPage(channelId, window) {
    const page = await this.api.messages(channelId, window);
    for (const message of page) this.store.addUserAndStarter(message);
    return page;
  }

  /** Returns the last message of a thread for its card. Fetches it once if it is not known. */
  preview(threadId) {
    const { previews, previewRequests, timelines } = this.store;
    const known = timelines.get(threadId)?.last() ?? previews.get(threadId);
    if (!known && !previews.has(threadId) && !previewRequests.has(threadId)) this.loadPreview(threadId);
    return known;
  }

  /** Ignores an answer that an event has made outdated. The redrawn card asks again if it has to. */
  async loadPreview(threadId) {
    const { previews, previewRequests } = this.store;
    const request = this.api.messages(threadId, { limit: 1 });
    previewRequests.set(threadId, request);
    const answer = await request.catch(() => null);
    if (previewRequests.get(threadId) === request) {
      previewRequests.delete(threadId);
      if (!answer) return;
      previews.set(threadId, answer[0]);
    }
    this.store.emit("messages", this.store.channels.get(threadId)?.parent_id);
  }

  say(channelId, content) {
    return this.api.say(channelId, content);
  }

  /**
   * Runs a command. Rejects with ApiError if the command is invalid. If the application does not answer, shows
   * a message that only this person sees.
   * @param {string} label the command as shown while it is being sent
   */
  async run(channelId, label, command) {
    const notice = this.noticeFor(channelId, label);
    const timer = setTimeout(() => this.showNotice(notice), SHOW_SENDING_MS);
    try {
      const answer = await this.api.run(channelId, command);
      if (answer.state === "failed") {
        this.showNotice({ ...notice, local: "failed", content: answer.error ?? NO_ANSWER });
        return;
      }
      this.dropNotice(notice);
      this.showModal(answer);
    } catch (error) {
      this.dropNotice(notice);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {string[]} [values] the chosen options of a select */
  async click(message, customId, values) {
    if (this.pending.has(message.id)) return;
    this.failures.delete(message.id);
    this.pending.set(message.id, customId);
    this.redraw(message);
    try {
      const answer = await this.api.click(message.channel_id, message.id, customId, values);
      if (answer.state === "failed") this.failures.set(message.id, "This interaction failed");
      else this.showModal(answer);
    } catch (error) {
      this.failures.set(message.id, error.message);
    } finally {
      this.pending.delete(message.id);
      this.redraw(message);
    }
  }

  /** Redraws a message, also at the top of its thread. */
  redraw(message) {
    this.store.emit("messages", message.channel_id);
    this.store.emit("messages", message.id);
  }

  async submitModal(interactionId, fields) {
    const answer = await this.api.submitModal(interactionId, fields);
    if (answer.state === "failed") throw new Error(answer.error ?? NO_ANSWER);
    this.showModal(answer);
  }

  showModal(answer) {
    if (answer.modal) this.store.emit("modal", { ...answer.modal, interaction_id: answer.interaction_id });
  }

  /** Hides an ephemeral message. */
  dismiss(message) {
    this.dismissed.add(message.id);
    sessionStorage.setItem("dismissed", JSON.stringify([...this.dismissed]));
    this.store.emit("messages", message.channel_id);
  }

  noticeFor(channelId, label) {
    return {
      id: idNow(), channel_id: channelId, author: { id: "0", username: "Sandbox", bot: true },
      timestamp: new Date().toISOString(), content: "Sending command…", flags: EPHEMERAL, local: "sending",
      interaction_metadata: { type: 2, name: label, user: this.me },
    };
  }

  showNotice(notice) {
    this.store.changed(notice.channel_id, (timeline) => timeline.put(notice));
  }

  dropNotice(notice) {
    this.store.changed(notice.channel_id, (timeline) => timeline.remove(notice.id));
  }
}
