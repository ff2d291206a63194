"""The list of jobs."""

from __future__ import annotations

from src.errors import NoLeaderboard
from tests.integration.pages.samples import (
    open_page,
    put_failed_job,
    put_finished_job,
    put_running_job,
    the_error,
)


def test_without_jobs_the_list_points_to_training(language, say):
    app = open_page("jobs", language)
    assert app.info[0].value == say("No job has run yet. A comparison of models is one.")
    assert app.button(key="go_train").label == say("Train and compare")


def test_jobs_are_listed_with_their_state_and_one_can_be_looked_at(classes, language, say):
    done = put_finished_job(classes.whole)
    failed = put_failed_job(NoLeaderboard("All candidates failed. {name}: {reason}", name="lr", reason="no"))
    running = put_running_job(classes.half)
    app = open_page("jobs", language, inspect=failed)
    table = app.dataframe[0].value.set_index(say("Job"))
    assert table[say("State")].to_dict() == {
        done.job_id: say("done"),
        failed: say("failed"),
        running: say("running"),
    }
    assert the_error(app) == say("All candidates failed. {name}: {reason}", name="lr", reason="no")


def test_a_running_comparison_says_how_far_it_is(classes, language, say):
    app = open_page("jobs", language, inspect=put_running_job(classes.half))
    assert say("{done} of {total} candidates compared", done=1, total=4) in app.get("progress")[0].proto.text


def test_a_finished_comparison_can_be_opened_from_the_jobs(classes, language, say):
    app = open_page("jobs", language, inspect=put_finished_job(classes.whole).job_id)
    assert app.button(key="open_comparison").label == say("Open the comparison")


def test_a_job_in_the_url_that_does_not_exist_leaves_the_list(classes, language):
    put_finished_job(classes.whole)
    app = open_page("jobs", language, inspect="0123456789abcdef")
    assert len(app.dataframe) == 1
