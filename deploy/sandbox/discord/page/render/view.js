/** What drawing a message needs from the rest of the page. */

/**
 * @typedef {{session: import("../session.js").Session, names: import("./inline.js").Names,
 *   openThread: function(string), openImage: function(string, string)}} View
 */

/**
 * @param {import("../session.js").Session} session
 * @param {{openThread: function(string), openChannel: function(string), openImage: function(string, string),
 *   typeCommand: function(string)}} navigation
 * @returns {View}
 */
export function makeView(session, { openThread, openChannel, openImage, typeCommand }) {
  const { store } = session;
  return {
    session,
    openThread,
    openImage,
    names: {
      userName: (id) => store.nameOf(id),
      roleName: (id) => store.roles.get(id) ?? "role",
      channelName: (id) => store.channels.get(id)?.name ?? "unknown",
      openChannel,
      typeCommand,
    },
  };
}
