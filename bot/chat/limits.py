"""Discord's limits, each with Discord's own words and page. Pages are below https://docs.discord.com/developers."""

# resources/message#create-message
CONTENT_CHARACTERS = 2_000
""""Message contents (up to 2000 characters)"."""
NONCE_CHARACTERS = 25
""""Can be used to verify a message was sent (up to 25 characters)"."""

# resources/message#get-channel-messages
HISTORY_PAGE = 100
""""Max number of messages to return (1-100)"."""

# resources/message#embed-object-embed-limits
EMBED_TITLE_CHARACTERS = 256
""""title: 256 characters"."""
EMBED_DESCRIPTION_CHARACTERS = 4_096
""""description: 4096 characters"."""

# reference#uploading-files
FILE_BYTES = 10 * 1024 * 1024
""""The default limit is 10 MiB". It covers the whole request."""
SAFE_FILE_BYTES = 8 * 1024 * 1024
"""Ours: leaves room for the rest of the request."""

# interactions/application-commands
COMMAND_NAME_CHARACTERS = 32
""""1-32 character name", of a command as of an option."""
COMMAND_OPTIONS = 25
""""Parameters for the command, max of 25"."""
DESCRIPTION_CHARACTERS = 100
""""1-100 character description", of a command as of an option."""
CHOICES = 25
""""Choices for the user to pick from, max 25"; autocomplete has the same limit."""
CHOICE_CHARACTERS = 100
""""1-100 character choice name"; "Value for the choice, up to 100 characters if string"."""
COMMAND_CHARACTERS = 8_000
""""Maximum of 8000 characters for combined name, description, and value properties for each command, its options
(including subcommands and groups), and choices". What a character is, is not said: we count UTF-16, never less."""
LARGEST_INTEGER = 2**53 - 1
""""Any integer between -2^53+1 and 2^53-1": https://github.com/discord/discord-api-docs/pull/7458."""
LARGEST_NUMBER = 2.0**53
""""Any double between -2^53 and 2^53"; bounds beyond it are refused."""

# interactions/receiving-and-responding#interaction-response-object-modal, components/reference#label
MODAL_TITLE_CHARACTERS = 45
""""Title of the popup modal, max 45 characters"."""
LABEL_DESCRIPTION_CHARACTERS = 100
""""An optional description text for the label; max 100 characters"."""
