#include "flow/ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "onekey/graphql.h"

struct ask {
    struct flow *flow;
    struct buf *reply;
    struct job *job;
};

static void on_answer(void *owner, const struct http_reply *answer, const struct err *err)
{
    struct ask *ask = owner;
    struct ask copy = *ask;
    struct err kept = {.kind = ERR_OK};

    free(ask);
    copy.job->retry_after_ms = answer->retry_after_ms;
    buf_clear(copy.reply);
    if (!err && !buf_add(copy.reply, answer->body, answer->size, &kept))
        err = &kept;
    if (!err)
        copy.flow->hooks->answered(copy.flow->owner);
    job_finish_op(copy.job, err);
}

static struct op *start(struct flow *flow, char *take_body, struct ask *take_ask, bool idempotent,
                        struct err *err)
{
    auto_free char *url = flow_graphql_url(flow);
    auto_free char *body = take_body;
    const struct http_call call = {
        .url = url,
        .body = body,
        .size = strlen(body),
        .max_answer = GRAPHQL_BYTES_MAX,
        .authenticated = true,
        .idempotent = idempotent,
    };
    struct op *op = http_send(flow->http, &call, on_answer, take_ask, err);

    if (!op)
        free(take_ask);
    return op;
}

static struct op *ask(struct flow *flow, char *take_body, struct buf *reply, struct job *job,
                      bool idempotent, struct err *err)
{
    if (!flow_may_request(flow, err)) {
        free(take_body);
        return NULL;
    }
    struct ask *made = xcalloc(1, sizeof *made);
    *made = (struct ask){.flow = flow, .reply = reply, .job = job};
    reply->max = GRAPHQL_BYTES_MAX;
    return start(flow, take_body, made, idempotent, err);
}

struct op *ask_start(struct flow *flow, char *take_body, struct buf *reply, struct job *job,
                     struct err *err)
{
    return ask(flow, take_body, reply, job, true, err);
}

struct op *ask_start_once(struct flow *flow, char *take_body, struct buf *reply, struct job *job,
                          struct err *err)
{
    return ask(flow, take_body, reply, job, false, err);
}
