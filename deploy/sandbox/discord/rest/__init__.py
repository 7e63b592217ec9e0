"""Discord's REST API v10, one module per resource."""

from deploy.sandbox.discord.rest import applications, channels, guilds, messages, threads, webhooks
from deploy.sandbox.discord.rest.http import Route

PREFIX = "/api/v10"
ROUTES: tuple[Route, ...] = (
    *messages.ROUTES,
    *webhooks.ROUTES,
    *channels.ROUTES,
    *threads.ROUTES,
    *applications.ROUTES,
    *guilds.ROUTES,
)
