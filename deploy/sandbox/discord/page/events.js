/** A person's events over a WebSocket, which reconnects whenever it is lost. */

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 5000;

export class EventStream {
  /**
   * @param {string} url
   * @param {{onOpen: function(boolean), onEvent: function({t: string, d: Object}), onLost: function()}} handlers
   *   `onOpen` gets true for a reconnection: events may have been missed
   */
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
    this.attempts = 0;
    this.opened = false;
    this.closed = false;
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(this.url);
    this.socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    this.socket.onclose = () => this.lost();
  }

  receive(event) {
    if (this.closed) return;
    if (event.t !== "HELLO") return this.handlers.onEvent(event);
    this.attempts = 0;
    this.handlers.onOpen(this.opened);
    this.opened = true;
  }

  lost() {
    if (this.closed) return;
    this.handlers.onLost();
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.attempts);
    this.attempts += 1;
    this.timer = setTimeout(() => this.connect(), delay);
  }

  /** Closes the stream without reconnecting. */
  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}
