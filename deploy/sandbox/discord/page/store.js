/** What one person sees: channels, messages, who is typing, what is unread. Only events change it. */

import { compareIds } from "./snowflake.js";
import { Timeline } from "./timeline.js";

/** Discord's channel types that are threads. */
export const THREAD_TYPES = new Set([10, 11, 12]);
/** Type of the first message in a thread, which stands for the message that the thread was started from. */
export const THREAD_STARTER = 21;
export { EPHEMERAL } from "./timeline.js";
export const LOADING = 1 << 7;

const TYPING_MS = 10_000;
/** The last message read, by person and channel. Kept when the person is switched. */
const LAST_READ = new Map();

export class Store extends EventTarget {
  /** @param {Object} me one of the people @param {Object} guild with `people`, `roles`, `application` */
  constructor(me, { people, roles, application }) {
    super();
    this.me = me;
    this.users = new Map([...people, ...(application ? [application] : [])].map((user) => [user.id, user]));
    this.channels = new Map();
    /** Role id to its name. */
    this.roles = new Map(roles.map(({ id, name }) => [id, name]));
    this.commands = [];
    this.timelines = new Map();
    /** Thread id to its last message, undefined if it has none. */
    this.previews = new Map();
    /** Thread id to the request for its last message. Any event that makes the answer outdated removes it. */
    this.previewRequests = new Map();
    /** Thread id to the message that it was started from. */
    this.starters = new Map();
    this.mentions = new Map();
    this.typing = new Map();
    this.watched = new Set();
    if (!LAST_READ.has(me.id)) LAST_READ.set(me.id, new Map());
    this.read = LAST_READ.get(me.id);
  }

  /** Notifies the page of a change of this kind. */
  emit(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  timeline(channelId) {
    if (!this.timelines.has(channelId)) this.timelines.set(channelId, new Timeline());
    return this.timelines.get(channelId);
  }

  /** Returns the channels that are not threads, in the server's order. */
  topChannels() {
    return [...this.channels.values()].filter((channel) => !THREAD_TYPES.has(channel.type));
  }

  /** Returns the threads of a channel, newest first. */
  threadsOf(channelId) {
    return [...this.channels.values()]
      .filter((channel) => THREAD_TYPES.has(channel.type) && channel.parent_id === channelId)
      .sort((a, b) => compareIds(b.id, a.id));
  }

  isUnread(channel) {
    const last = channel.last_message_id;
    return Boolean(last) && compareIds(last, this.read.get(channel.id) ?? "0") > 0;
  }

  nameOf(userId) {
    const user = this.users.get(userId);
    return user ? (user.global_name ?? user.name ?? user.username) : "someone";
  }

  /** Replaces the whole list, at the start and after a reconnection. */
  setChannels(channels) {
    const first = this.channels.size === 0;
    this.channels = new Map(channels.map((channel) => [channel.id, normalizeChannel(channel)]));
    for (const channel of channels) {
      if (first && !this.read.has(channel.id)) this.markRead(channel.id);
    }
    for (const id of this.watched) this.markRead(id);
    this.emit("channels");
  }

  /** Sets which channels are on screen: their new messages count as read. */
  watch(channelIds) {
    this.watched = new Set(channelIds);
    for (const id of channelIds) this.markRead(id);
    this.emit("channels");
  }

  markRead(channelId) {
    const last = this.channels.get(channelId)?.last_message_id ?? this.read.get(channelId) ?? "0";
    this.read.set(channelId, last);
    this.mentions.delete(channelId);
  }

  /** Applies one event of the stream. */
  apply({ t, d }) {
    const handler = {
      MESSAGE_CREATE: this.onMessage,
      MESSAGE_UPDATE: this.onEdit,
      MESSAGE_DELETE: this.onDelete,
      CHANNEL_CREATE: this.onChannel,
      CHANNEL_UPDATE: this.onChannel,
      THREAD_CREATE: this.onChannel,
      THREAD_UPDATE: this.onChannel,
      CHANNEL_DELETE: this.onChannelGone,
      THREAD_DELETE: this.onChannelGone,
      TYPING_START: this.onTyping,
    }[t];
    handler?.call(this, d);
  }

  onMessage(message) {
    const channel = this.channels.get(message.channel_id);
    this.addUserAndStarter(message);
    if (channel && compareIds(message.id, channel.last_message_id ?? "0") > 0) {
      if (message.type !== THREAD_STARTER) channel.message_count = (channel.message_count ?? 0) + 1;
      channel.last_message_id = message.id;
      this.noteUnread(channel, message);
    }
    this.previewRequests.delete(message.channel_id);
    this.previews.set(message.channel_id, message);
    this.typing.get(message.channel_id)?.delete(message.author.id);
    this.changed(message.channel_id, (timeline) => timeline.apply(message));
    this.emit("typing", message.channel_id);
    this.emit("channels");
  }

  onEdit(message) {
    this.addUserAndStarter(message);
    this.updateStarter(message);
    const preview = this.previews.get(message.channel_id);
    if (preview?.id === message.id) this.previews.set(message.channel_id, { ...preview, ...message });
    this.previewRequests.delete(message.channel_id);
    this.changed(message.channel_id, (timeline) => timeline.apply(message));
  }

  onDelete({ id, channel_id: channelId }) {
    if (this.previews.get(channelId)?.id === id) this.previews.delete(channelId);
    this.previewRequests.delete(channelId);
    this.changed(channelId, (timeline) => timeline.remove(id));
  }

  onChannel(channel) {
    const known = this.channels.get(channel.id);
    this.channels.set(channel.id, { ...known, ...normalizeChannel(channel) });
    this.emit("channels");
    this.emit("messages", channel.parent_id);
  }

  onChannelGone({ id, parent_id: parentId }) {
    this.channels.delete(id);
    this.emit("channels");
    this.emit("messages", parentId);
  }

  onTyping({ channel_id: channelId, user_id: userId, member }) {
    if (userId === this.me.id) return;
    if (member?.user) this.users.set(userId, member.user);
    const typists = this.typing.get(channelId) ?? new Map();
    const until = Date.now() + TYPING_MS;
    typists.set(userId, until);
    this.typing.set(channelId, typists);
    this.emit("typing", channelId);
    setTimeout(() => {
      if (typists.get(userId) === until) typists.delete(userId);
      this.emit("typing", channelId);
    }, TYPING_MS);
  }

  /** @returns {string[]} names of the people typing in a channel */
  typists(channelId) {
    return [...(this.typing.get(channelId)?.keys() ?? [])].map((id) => this.nameOf(id));
  }

  addUserAndStarter(message) {
    if (message.author && !this.users.has(message.author.id)) this.users.set(message.author.id, message.author);
    const starter = message.type === THREAD_STARTER && message.referenced_message;
    if (!starter || this.starters.has(starter.id)) return;
    this.starters.set(starter.id, this.timelines.get(starter.channel_id)?.byId.get(starter.id) ?? starter);
  }

  /** Updates the copy of an edited message at the top of its thread. */
  updateStarter(message) {
    const starter = this.starters.get(message.id);
    if (!starter) return;
    this.starters.set(message.id, { ...starter, ...message });
    this.emit("messages", message.id);
  }

  noteUnread(channel, message) {
    const mine = message.author.id === this.me.id;
    if (mine || this.watched.has(channel.id)) return this.markRead(channel.id);
    if (mentionsPerson(message, this.me.id)) {
      this.mentions.set(channel.id, (this.mentions.get(channel.id) ?? 0) + 1);
    }
  }

  /** Changes a timeline if it is loaded, and redraws. A thread's change also shows on its card in the parent. */
  changed(channelId, change) {
    const timeline = this.timelines.get(channelId);
    if (timeline) change(timeline);
    this.emit("messages", channelId);
    const parent = this.channels.get(channelId)?.parent_id;
    if (parent) this.emit("messages", parent);
  }
}

/** Gives a thread from an event (with Discord's `thread_metadata`) the fields that the channel list has. */
function normalizeChannel(channel) {
  const { archived, locked } = channel.thread_metadata ?? channel;
  return { ...channel, archived, locked };
}

/** Whether a message mentions a person, by name or with everyone. */
export function mentionsPerson(message, userId) {
  return Boolean(message.mention_everyone) || (message.mentions ?? []).some((user) => user.id === userId);
}
