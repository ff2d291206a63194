"""The list of jobs."""

from __future__ import annotations

from src.errors import NoLeaderboard
from src.jobs.folder import write_attachments
from tests.integration.pages.samples import (
    TITLE,
    click,
    open_page,
    put_failed_job,
    put_finished_job,
    put_running_job,
    run,
    shown,
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
    table = app.dataframe[0].value
    assert table[say("State")].tolist() == [say("running"), say("failed"), say("done")]
    assert [text.split(" · ")[-1] for text in app.selectbox(key="inspect").options] == [
        job_id[:8] for job_id in (running, failed, done.job_id)
    ]
    assert the_error(app) == say("All candidates failed. {name}: {reason}", name="lr", reason="no")


def test_titles_are_in_the_language_of_the_reader(classes, language, say):
    put_finished_job(classes.whole)
    app = open_page("jobs", language)
    assert app.dataframe[0].value[say("What")].tolist() == [say(TITLE, target="state")]
    assert say(TITLE, target="state") in shown(app)


def test_a_running_comparison_says_how_far_it_is(classes, language, say):
    app = open_page("jobs", language, inspect=put_running_job(classes.half))
    assert say("{done} of {total} candidates compared", done=1, total=4) in app.get("progress")[0].proto.text


def test_a_finished_comparison_can_be_opened_from_the_jobs(classes, language, say):
    app = open_page("jobs", language, inspect=put_finished_job(classes.whole).job_id)
    assert app.button(key="open_result").label == say("Open the comparison")


def test_a_job_in_the_url_that_does_not_exist_is_said_and_leaves_the_list(classes, language, say):
    put_finished_job(classes.whole)
    app = open_page("jobs", language, inspect="0123456789abcdef")
    assert len(app.dataframe) == 1
    assert the_error(app).startswith(
        say("There is no job {job_id!r}. The list of jobs shows those there are.", job_id="0123456789abcdef")
    )


def test_another_job_is_looked_at_and_named_in_the_url(classes, language):
    first, second = put_finished_job(classes.whole), put_finished_job(classes.whole)
    app = open_page("jobs", language)
    assert second.job_id in " ".join(shown(app))
    app.selectbox(key="inspect").select(first.job_id)
    run(app)
    assert app.query_params["inspect"] == first.job_id
    assert first.job_id in " ".join(shown(app))


def test_a_job_that_is_tried_again_is_the_one_looked_at(language, say):
    failed = put_failed_job(NoLeaderboard("All candidates failed. {name}: {reason}", name="lr", reason="no"))
    write_attachments(failed, {})
    app = click(open_page("jobs", language, inspect=failed), f"retry_{failed}")
    assert app.success[0].value == say("The job is tried again, as a new one.")
    again = app.query_params["inspect"]
    assert again != failed
    assert app.selectbox(key="inspect").value == again


def test_jobs_of_one_state_are_chosen_in_the_url(classes, language, say):
    put_finished_job(classes.whole)
    put_failed_job(NoLeaderboard("All candidates failed. {name}: {reason}", name="lr", reason="no"))
    app = open_page("jobs", language, state="failed")
    assert app.dataframe[0].value[say("State")].tolist() == [say("failed")]
    app.segmented_control(key="state").set_value("done")
    run(app)
    assert app.query_params["state"] == "done"
    assert app.dataframe[0].value[say("State")].tolist() == [say("done")]


def test_a_state_that_no_job_is_in_is_said(classes, language, say):
    put_finished_job(classes.whole)
    app = open_page("jobs", language, state="cancelled")
    assert say("No job is in this state.") in shown(app)


def test_a_long_list_is_paged_and_a_job_on_another_page_can_be_looked_at(classes):
    oldest = put_finished_job(classes.whole).job_id
    for _number in range(30):
        put_failed_job(NoLeaderboard("All candidates failed. {name}: {reason}", name="lr", reason="no"))
    app = open_page("jobs", inspect=oldest)
    assert len(app.dataframe[0].value) == 25
    assert app.selectbox(key="inspect").value == oldest
    assert len(click(app, "jobs_chevron_right").dataframe[0].value) == 6
