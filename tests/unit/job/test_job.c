#include "test.h"

#include "job/job.h"

/* A job whose steps do what a script says; the trail records what the runner did. */
struct scripted {
    struct job job; /* first: the hooks get it back by a cast */
    struct op op;
    const char *script; /* one letter an outcome */
    char trail[256];
    enum err_kind end;
    int finished;
};

static void note(struct job *job, const char *text)
{
    struct scripted *scripted = (struct scripted *)job;
    size_t used = strlen(scripted->trail);

    snprintf(scripted->trail + used, sizeof scripted->trail - used, "%s ", text);
}

static void on_cancel(struct op *op)
{
    (void)op; /* the test ends the operation itself, later, as net/ does */
}

static enum started waits(struct job *job, struct err *err)
{
    struct scripted *scripted = (struct scripted *)job;

    (void)err;
    note(job, "start");
    scripted->op.cancel = on_cancel;
    job->op = &scripted->op;
    return STEP_WAITS;
}

static enum started is_ready(struct job *job, struct err *err)
{
    (void)err;
    note(job, "ready");
    return STEP_READY;
}

static enum started breaks(struct job *job, struct err *err)
{
    (void)job;
    err_set(err, ERR_IO, "no room");
    return STEP_BROKEN;
}

static enum verdict follow_script(struct job *job, struct err *err)
{
    struct scripted *scripted = (struct scripted *)job;

    switch (*scripted->script++) {
    case 'n':
        return NEXT_STEP;
    case 's':
        return SAME_STEP;
    case 'f':
        return FIRST_STEP;
    case 'd':
        return JOB_DONE;
    default:
        err_set(err, ERR_REJECTED, "HTTP 422");
        return STEP_FAILED;
    }
}

static void checkpoint(struct job *job)
{
    note(job, job->step->name);
}

static void finished(struct job *job, const struct err *err)
{
    struct scripted *scripted = (struct scripted *)job;

    scripted->finished++;
    scripted->end = err->kind;
    note(job, err->kind == ERR_OK ? "done" : err->message);
}

static const struct job_hooks hooks = {checkpoint, finished};

static const struct step two_steps[] = {
    {"register", 1, waits, follow_script},
    {"send", 2, is_ready, follow_script},
    {NULL, 0, NULL, NULL},
};

static void run(struct scripted *scripted, const struct step *steps, const char *script)
{
    *scripted = (struct scripted){.script = script};
    job_start(&scripted->job, steps, &hooks);
    while (!scripted->job.finished) {
        if (scripted->job.op)
            job_finish_op(&scripted->job, NULL);
        else
            job_go(&scripted->job);
    }
}

static void a_job_checkpoints_before_each_step(void **state)
{
    static const struct {
        const char *script;
        const char *trail;
        enum err_kind end;
    } rows[] = {
        {"nn", "register start send ready done ", ERR_OK},
        {"d", "register start done ", ERR_OK},
        {"nsn", "register start send ready send ready done ", ERR_OK},
        {"nfnn", "register start send ready register start send ready done ", ERR_OK},
        {"nx", "register start send ready send: HTTP 422 ", ERR_REJECTED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct scripted scripted;

        run(&scripted, two_steps, rows[i].script);
        assert_string_equal(scripted.trail, rows[i].trail);
        assert_int_equal(scripted.end, rows[i].end);
        assert_int_equal(scripted.finished, 1);
    }
}

static void a_failed_operation_ends_the_job_with_its_error_and_step(void **state)
{
    const struct err refused = {.kind = ERR_AUTH, .message = "HTTP 401"};
    struct scripted scripted = {.script = ""};

    (void)state;
    job_start(&scripted.job, two_steps, &hooks);
    job_go(&scripted.job);
    job_finish_op(&scripted.job, &refused);
    assert_string_equal(scripted.trail, "register start register: HTTP 401 ");
    assert_int_equal(scripted.end, ERR_AUTH);
}

static void a_step_that_does_not_start_ends_the_job(void **state)
{
    static const struct step steps[] = {{"open", 0, breaks, follow_script}, {NULL, 0, NULL, NULL}};
    struct scripted scripted = {.script = ""};

    (void)state;
    job_start(&scripted.job, steps, &hooks);
    job_go(&scripted.job);
    assert_string_equal(scripted.trail, "open open: no room ");
    assert_int_equal(scripted.finished, 1);
}

static void cancelling_lets_the_operation_end_first(void **state)
{
    const struct err cancelled = {.kind = ERR_CANCELLED, .message = "cancelled"};
    struct scripted scripted = {.script = ""};

    (void)state;
    job_start(&scripted.job, two_steps, &hooks);
    job_go(&scripted.job);
    job_cancel(&scripted.job);
    job_cancel(&scripted.job);
    assert_int_equal(scripted.finished, 0);
    job_finish_op(&scripted.job, &cancelled);
    assert_int_equal(scripted.end, ERR_CANCELLED);

    scripted = (struct scripted){.script = ""};
    job_start(&scripted.job, two_steps, &hooks);
    job_cancel(&scripted.job);
    job_go(&scripted.job);
    assert_string_equal(scripted.trail, "register register: ended before it began ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_checkpoints_before_each_step),
        cmocka_unit_test(a_failed_operation_ends_the_job_with_its_error_and_step),
        cmocka_unit_test(a_step_that_does_not_start_ends_the_job),
        cmocka_unit_test(cancelling_lets_the_operation_end_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
