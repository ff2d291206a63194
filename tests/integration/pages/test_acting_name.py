"""The name under which acts are remembered: typed, or from the sign-in."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.integration.pages.samples import Say, as_read, click, run, shown, the_error

PROVIDER = {"client_id": "farol", "client_secret": "s", "server_metadata_url": "https://id.example/.well-known/x"}
SHARED = {"redirect_uri": "https://farol.example/oauth2callback", "cookie_secret": "a long secret of the server"}
AUTH = SHARED | PROVIDER


def _page() -> None:
    import streamlit as st

    from src.dashboard.components.acting import acting_name, ask_for_name

    ask_for_name()
    st.text(f"<{acting_name()}>")


def open_sidebar(auth: Any, language: str = "en", url: str = "https://farol.example/", **claims: object) -> AppTest:
    """What the sidebar asks for where this is the [auth] section."""
    app = AppTest.from_function(_page)
    app.session_state["lang"] = language
    app.session_state["acting_name"] = "Somebody Else"  # typed before there was a section, say
    app.secrets = {"auth": auth}
    app.context = {"url": url}
    app.user = claims or {"is_logged_in": False}
    return run(app)


def labels(app: AppTest) -> dict[str | None, str]:
    return {button.key: as_read(button.label) for button in app.button}


def acts_as(app: AppTest) -> str:
    return app.text[0].value


def test_nobody_is_named_until_somebody_says_who_they_are():
    app = run(AppTest.from_function(_page))
    assert acts_as(app) == "<>"
    assert labels(app) == {}
    app.text_input(key="acting_name").set_value("  Ana Souza ")
    assert acts_as(run(app)) == "<Ana Souza>"


def test_a_name_with_markdown_in_it_is_shown_letter_by_letter():
    app = run(AppTest.from_function(_page))
    app.text_input(key="acting_name").set_value("**A** [x](http://y)")
    assert "<**A** [x](http://y)>" in [text.value for text in run(app).text]
    assert shown(app)


def test_where_signing_in_is_configured_it_is_offered_in_place_of_the_field_and_nothing_typed_counts(
    language: str, say: Say
):
    app = open_sidebar(AUTH, language)
    assert len(app.text_input) == 0
    assert labels(app) == {"sign_in_default": say("Sign in")}
    assert acts_as(app) == "<>"


def test_each_provider_has_a_button_of_its_own_and_the_one_without_a_name_is_the_first(say: Say, language: str):
    several = SHARED | {"client_kwargs": {"scope": "openid"}, "google": PROVIDER, "*plant*": PROVIDER}
    with_name = {f"sign_in_{name}": say("Sign in with {provider}", provider=name) for name in ("google", "*plant*")}
    assert labels(open_sidebar(several, language)) == with_name
    first = {"sign_in_default": say("Sign in")}
    assert list(labels(open_sidebar(several | PROVIDER, language)).items()) == [*first.items(), *with_name.items()]
    assert labels(open_sidebar(SHARED | {"google": PROVIDER}, language)) == {"sign_in_google": say("Sign in")}


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Ana Souza", "email": "ana@plant.example"}, "Ana Souza"),
        ({"name": " ", "preferred_username": "ana", "email": "ana@plant.example"}, "ana"),
        ({"name": None, "email": "ana@plant.example"}, "ana@plant.example"),
        ({"sub": "248289761001"}, "248289761001"),
        ({"name": 7}, "7"),
        ({"name": "Ana\x00\n  # Souza"}, "Ana # Souza"),
        ({"name": "a" * 5000}, "a" * 80),
    ],
)
def test_who_is_signed_in_is_named_by_what_the_provider_says_and_can_sign_out(claims: dict[str, object], name: str):
    app = open_sidebar(AUTH, is_logged_in=True, **claims)
    assert acts_as(app) == f"<{name}>"
    assert as_read(app.caption[0].value).endswith(name)
    assert labels(app) == {"sign_out": "Sign out"}


def test_who_is_not_signed_in_has_no_name_whatever_else_is_known_of_them():
    app = open_sidebar(AUTH, is_logged_in=False, name="Ana Souza")
    assert acts_as(app) == "<>"
    assert labels(app) == {"sign_in_default": "Sign in"}


def test_a_name_from_the_provider_has_no_power_over_the_page():
    app = open_sidebar(AUTH, is_logged_in=True, name="**A** [x](http://y) :red[z]")
    assert "[x](" not in app.caption[0].value
    assert ":red[" not in app.caption[0].value


@pytest.mark.parametrize(
    ("auth", "lacking"),
    [
        ({"redirect_uri": ""}, "redirect_uri, cookie_secret, client_id, client_secret, server_metadata_url"),
        (SHARED | {"client_id": "farol"}, "client_secret, server_metadata_url"),
        (SHARED | {"default": {"client_id": "farol", "client_secret": "s"}}, "server_metadata_url"),
        (SHARED | {"client_kwargs": {"scope": "openid"}}, "client_id, client_secret, server_metadata_url"),
        (PROVIDER, "redirect_uri, cookie_secret"),
        ("text", "redirect_uri, cookie_secret, client_id, client_secret, server_metadata_url"),
    ],
)
def test_an_incomplete_section_is_told_when_somebody_signs_in_and_the_page_goes_on(
    auth: Any, lacking: str, language: str, say: Say
):
    app = click(open_sidebar(auth, language), "sign_in_default")
    told = say(
        "Signing in is not set up completely: the [auth] section of the server's secrets lacks {keys}.", keys=lacking
    )
    assert told in the_error(app)
    assert acts_as(app) == "<>"


def test_an_incomplete_named_provider_does_not_stand_in_the_way_of_the_others():
    app = open_sidebar(SHARED | {"google": {"client_id": "farol"}, "plant": PROVIDER})
    assert "client_secret, server_metadata_url" in the_error(click(app, "sign_in_google"))
    assert list(labels(app)) == ["sign_in_google", "sign_in_plant"]


def test_an_address_that_nobody_comes_back_to_is_told(language: str, say: Say):
    address = "https://farol.example/callback"
    app = click(open_sidebar(AUTH | {"redirect_uri": address}, language), "sign_in_default")
    told = say(
        "Signing in is not set up completely: redirect_uri is {address}, and has to end in {ending}.",
        address=address,
        ending="/oauth2callback",
    )
    assert told in the_error(app)


@pytest.mark.parametrize("url", ["http://farol.example/", "https://10.0.0.5/jobs", "https://farol.example:8501/"])
def test_a_dashboard_opened_at_another_address_than_its_own_says_where_to_sign_in(url: str, language: str, say: Say):
    app = click(open_sidebar(AUTH, language, url), "sign_in_default")
    told = say("Signing in works only where the dashboard is opened at {address}.", address="https://farol.example")
    assert told in the_error(app)


def test_what_else_is_wrong_is_told_in_the_words_of_who_found_it():
    """Streamlit itself reads the file, of which a page test has none."""
    app = click(open_sidebar(AUTH), "sign_in_default")
    assert "Signing in does not work on this server: " in the_error(app)
