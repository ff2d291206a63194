"""Signing in with OpenID Connect, where the server's secrets have an [auth] section: for a name, not as a gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.errors import StreamlitAuthError

from src.dashboard.components.page import errors_shown, plain
from src.dashboard.locale import _
from src.errors import SignInUnavailable

_DEFAULT = "default"  # what Streamlit calls the provider that has no name
_SHARED_KEYS = ("redirect_uri", "cookie_secret")
_PROVIDER_KEYS = ("client_id", "client_secret", "server_metadata_url")
_CALLBACK = "/oauth2callback"
_NAMES = ("name", "preferred_username", "email", "sub")
"""The claims a person is named by, the first that there is; every provider has to send the last."""


def is_configured() -> bool:
    """Tell whether people sign in here: Streamlit says of them whether they have only where they can."""
    return "is_logged_in" in st.user


def name() -> str:
    """Return the name of who is signed in, or nothing."""
    if not st.user.get("is_logged_in"):
        return ""
    return next((text for claim in _NAMES if (text := str(st.user.get(claim) or "").strip())), "")


def show(signed_in_as: str) -> None:
    """Show who is signed in and the way out, or a way in for each provider."""
    if signed_in_as:
        st.caption(f":material/person: {plain(signed_in_as)}")
        st.button(_("Sign out"), key="sign_out", type="tertiary", on_click=st.logout)
        return
    providers = _providers()
    for provider in providers:
        nameless = provider == _DEFAULT or len(providers) == 1
        label = _("Sign in") if nameless else _("Sign in with {provider}").format(provider=plain(provider))
        if st.button(label, key=f"sign_in_{provider}", icon=":material/login:", width="stretch"):
            with errors_shown():
                _leave_for(provider)


def _providers() -> list[str]:
    """The providers of the section, the one without a name first; it is the one to complain of where there is none."""
    section = _section()
    named = [key for key, value in section.items() if isinstance(value, Mapping) and key != "client_kwargs"]
    nameless = not named or any(key in section for key in _PROVIDER_KEYS)
    return [_DEFAULT] * (nameless and _DEFAULT not in named) + named


def _section() -> Mapping[str, Any]:
    section = st.secrets.get("auth")
    return section if isinstance(section, Mapping) else {}


def _leave_for(provider: str) -> None:
    """Send the browser to the provider, unless it is known that it would not come back signed in."""
    _check_section(provider)
    _check_address(str(_section()["redirect_uri"]).replace("{port}", str(st.get_option("server.port"))))
    try:
        # Streamlit does so only after the browser has left, and would answer it with a bare "Internal Server Error".
        import authlib.integrations.starlette_client  # noqa: F401

        st.login(provider)
    except (ImportError, StreamlitAuthError) as error:
        reason = " ".join(str(error).split())
        raise SignInUnavailable("Signing in does not work on this server: {reason}", reason=reason) from error


def _check_section(provider: str) -> None:
    section = _section()
    own = section.get(provider, section if provider == _DEFAULT else {})
    missing = [key for key in _SHARED_KEYS if not section.get(key)] + [
        key for key in _PROVIDER_KEYS if not own.get(key)
    ]
    if missing:
        raise SignInUnavailable(
            "Signing in is not set up completely: the [auth] section of the server's secrets lacks {keys}.",
            keys=", ".join(missing),
        )


def _check_address(callback: str) -> None:
    """Refuse an address that the browser would come back to without being signed in."""
    if not callback.endswith(_CALLBACK):
        raise SignInUnavailable(
            "Signing in is not set up completely: redirect_uri is {address}, and has to end in {ending}.",
            address=callback,
            ending=_CALLBACK,
        )
    here, there = urlsplit(st.context.url or callback), urlsplit(callback)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise SignInUnavailable(
            "Signing in works only where the dashboard is opened at {address}.",
            address=callback.removesuffix(_CALLBACK),
        )
