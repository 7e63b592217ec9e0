/** Answers the page from a transcript that lies in the document, in place of a server. Nothing can be typed. */
{
  const record = JSON.parse(document.getElementById("transcript").textContent);
  const messages = new Map(record.channels.map((channel) => [channel.id, channel.messages]));
  const channels = record.channels.map(({ messages: _, ...channel }) => channel);
  const newer = (id, than) => !than || BigInt(id) > BigInt(than);
  const older = (id, than) => !than || BigInt(id) < BigInt(than);

  const page = (channelId, person, query) => {
    const limit = Number(query.get("limit") ?? 100);
    const found = (messages.get(channelId) ?? []).filter(({ id, flags, interaction_metadata: by }) =>
      newer(id, query.get("after")) && older(id, query.get("before"))
      && (!(flags & 64) || by?.user?.username === person || by?.user?.name === person));
    return query.get("after") ? found.slice(0, limit) : found.slice(-limit);
  };

  const answer = (path, query) => {
    const [root, person, what, channelId] = path.split("/").slice(1);
    if (person === undefined) return record[root];
    if (channelId) return page(channelId, decodeURIComponent(person), query);
    return what === "channels" ? channels : [];
  };

  window.fetch = async (address, { method = "GET" } = {}) => {
    const url = new URL(address, "http://transcript");
    const refused = method !== "GET" && { error: "This is a transcript: nothing can be typed or clicked here." };
    const body = refused || answer(url.pathname.split("/sandbox").pop(), url.searchParams);
    return new Response(JSON.stringify(body), { status: refused ? 409 : 200 });
  };

  window.WebSocket = class {
    constructor() {
      setTimeout(() => this.onmessage({ data: '{"t": "HELLO", "d": {"seq": 0}}' }), 0);
    }

    close() {}
  };
}
