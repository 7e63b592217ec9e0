/** Client for the sandbox's person API (deploy/sandbox/README.md), the page's only source of data. */

/** A failed request: status 4xx or 5xx, or no response. The message is for the person to read. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status 0 if there was no response */
  constructor(message, status) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** The page's own folder: its address has a secret part, which the calls need too. */
const ROOT = new URL("sandbox", document.baseURI).href;

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`${ROOT}${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError("The sandbox did not answer. Is it still running?", 0);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(answer.error ?? `The sandbox answered ${response.status}`, response.status);
  return answer;
}

/** @returns {Promise<{name: string, roles: Object[], application: Object|null}>} */
export const fetchGuild = () => call("GET", "/guild");

/** @returns {Promise<Array<{id: string, name: string, global_name: string, roles: string[]}>>} */
export const fetchPeople = () => call("GET", "/people");

/** Requests on behalf of one person. */
export class PersonApi {
  /** @param {string} person a name or an id */
  constructor(person) {
    this.root = `/people/${encodeURIComponent(person)}`;
  }

  channels() {
    return call("GET", `${this.root}/channels`);
  }

  /** @param {{before?: string, after?: string, limit?: number}} window oldest first */
  messages(channelId, window = {}) {
    return call("GET", `${this.root}/channels/${channelId}/messages?${new URLSearchParams(window)}`);
  }

  commands() {
    return call("GET", `${this.root}/commands`);
  }

  say(channelId, content) {
    return call("POST", `${this.root}/messages`, { channel_id: channelId, content });
  }

  /** @param {{text: string}|{name: string, options: Object<string, *>}} command */
  run(channelId, command) {
    return call("POST", `${this.root}/commands`, { channel_id: channelId, ...command });
  }

  autocomplete(channelId, name, options, focused) {
    return call("POST", `${this.root}/autocomplete`, { channel_id: channelId, name, options, focused });
  }

  /** @param {string[]} [values] the chosen options of a select */
  click(channelId, messageId, customId, values) {
    return call("POST", `${this.root}/clicks`, {
      channel_id: channelId, message_id: messageId, custom_id: customId, values,
    });
  }

  /** @param {Object<string, string>} fields custom_id to value */
  submitModal(interactionId, fields) {
    return call("POST", `${this.root}/modals`, { interaction_id: interactionId, fields });
  }

  /** @returns {string} address of the WebSocket with this person's events */
  eventsUrl() {
    return `${ROOT.replace(/^http/, "ws")}${this.root}/events`;
  }
}
