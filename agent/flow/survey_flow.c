/*
 * survey_flow.c - what the platform says of itself before anything is sent.
 *
 * groups          product group names to IDs
 * configurations  analysis configuration names to IDs
 * inventory       the list of firmwares, so that an upload of ours can be told from
 * read            what was there before it
 *
 * A token that may not see the list can still upload: the survey then ends without an
 * inventory, and an upload whose answer is lost waits for a person. Every other
 * trouble leaves the survey as old as it was, and nothing is sent until it is new.
 */
#include "flow/survey_flow.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/batch_job.h"
#include "flow/inventory_step.h"

struct survey_job {
    struct batch_job base; /* first */
    struct buf reply;
    struct inventory inventory;
    struct survey found;
};

static struct survey_job *of(struct job *job)
{
    return (struct survey_job *)job;
}

static enum started ask(struct job *job, enum named_kind kind, struct err *err)
{
    struct survey_job *survey = of(job);

    return batch_job_ask(&survey->base, named_request(kind), &survey->reply, err) ? STEP_WAITS
                                                                                  : STEP_BROKEN;
}

static enum verdict take(struct job *job, enum named_kind kind, struct named_list *list,
                         struct err *err)
{
    struct survey_job *survey = of(job);

    named_list_release(list);
    if (!named_reply(kind, survey->reply.bytes, survey->reply.size, list, err))
        return STEP_FAILED;
    return NEXT_STEP;
}

static enum started groups_start(struct job *job, struct err *err)
{
    of(job)->found.at = clock_wall_ms();
    return ask(job, NAMED_PRODUCT_GROUP, err);
}

static enum verdict groups_outcome(struct job *job, struct err *err)
{
    return take(job, NAMED_PRODUCT_GROUP, &of(job)->found.groups, err);
}

static enum started configurations_start(struct job *job, struct err *err)
{
    return ask(job, NAMED_ANALYSIS_CONFIGURATION, err);
}

static enum verdict configurations_outcome(struct job *job, struct err *err)
{
    return take(job, NAMED_ANALYSIS_CONFIGURATION, &of(job)->found.configurations, err);
}

static enum started inventory_start(struct job *job, struct err *err)
{
    return inventory_download(&of(job)->inventory, err) ? STEP_WAITS : STEP_BROKEN;
}

static enum verdict inventory_outcome(struct job *job, struct err *err)
{
    (void)job;
    (void)err;
    return NEXT_STEP;
}

static enum started read_start(struct job *job, struct err *err)
{
    return inventory_read(&of(job)->inventory, err) ? STEP_WAITS : STEP_BROKEN;
}

static enum verdict read_outcome(struct job *job, struct err *err)
{
    if (!inventory_finish(&of(job)->inventory, err))
        return STEP_FAILED;
    of(job)->found.has_inventory = true;
    of(job)->found.inventory_at = of(job)->inventory.began_at;
    return NEXT_STEP;
}

static const struct step steps[] = {
    {"product groups", 0, groups_start, groups_outcome},
    {"analysis configurations", 0, configurations_start, configurations_outcome},
    {"inventory", 0, inventory_start, inventory_outcome},
    {"inventory", 0, read_start, read_outcome},
    {NULL, 0, NULL, NULL},
};

/* The names are known and only the list is refused: good enough to send. */
static bool is_usable(const struct survey_job *survey, const struct err *err)
{
    enum err_action action = err_kind_action(err->kind);

    return err->kind == ERR_OK || (survey->base.job.step >= &steps[2] &&
                                   (action == ACTION_HOLD || action == ACTION_GIVE_UP));
}

static void ending(struct batch_job *job, const struct err *err)
{
    struct survey_job *survey = (struct survey_job *)job;
    struct survey *known = &job->flow->survey;

    if (is_usable(survey, err)) {
        if (err->kind != ERR_OK)
            log_warn("inventory_refused", F_TEXT("reason", err->message));
        survey_release(known);
        *known = survey->found;
        survey->found = (struct survey){0};
    } else {
        known->why = *err;
        known->due_at =
            clock_steady_ms() + backoff_ms(&job->flow->settings.retry, known->failures++,
                                           backoff_random(), job->job.retry_after_ms);
        batch_job_report(job, err);
    }
    survey_release(&survey->found);
    inventory_release(&survey->inventory);
    buf_release(&survey->reply);
}

bool survey_is_fresh(const struct flow *flow, int64_t now_ms)
{
    int64_t age_ms = now_ms - flow->survey.at;

    return flow->survey.at != 0 && age_ms >= 0 && age_ms < SURVEY_MAX_AGE_MS;
}

void survey_release(struct survey *survey)
{
    named_list_release(&survey->groups);
    named_list_release(&survey->configurations);
    *survey = (struct survey){0};
}

void survey_flow_start(struct flow *flow)
{
    struct survey_job *survey = xcalloc(1, sizeof *survey);

    inventory_init(&survey->inventory, &survey->base);
    batch_job_start(&survey->base, flow, "survey", steps, ending);
}
