#include "run/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/publish.h"
#include "base/work.h"

enum { TEXT_MAX = 64 * 1024 };

struct metrics {
    uv_loop_t *loop;
    char *folder;
    const char *name; /* within the path */
    struct buf text;
    struct op *op;
    struct err err;
    bool failed; /* told already */
    void (*closed)(void *owner);
    void *closed_owner;
};

static void add(struct buf *out, const char *name, const char *type, const char *help,
                int64_t value)
{
    buf_print(out, "# HELP onekey_agent_%s %s\n# TYPE onekey_agent_%s %s\n", name, help, name,
              type);
    buf_print(out, "onekey_agent_%s %" PRId64 "\n", name, value);
}

void metrics_text(const struct metrics_facts *facts, struct buf *out)
{
    out->max = TEXT_MAX;
    buf_print(out, "# HELP onekey_agent_build_info The running version.\n"
                   "# TYPE onekey_agent_build_info gauge\n"
                   "onekey_agent_build_info{version=\"" AGENT_VERSION "\"} 1\n"
                   "# HELP onekey_agent_queue_items Items of the ledger by state.\n"
                   "# TYPE onekey_agent_queue_items gauge\n");
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++)
        buf_print(out, "onekey_agent_queue_items{state=\"%s\"} %" PRId64 "\n",
                  item_state_name((enum item_state)i), facts->counts[i]);
    add(out, "auth_paused", "gauge", "1 while the token is refused.", facts->auth_paused);
    add(out, "operator_paused", "gauge", "1 while an operator's pause holds.",
        facts->operator_paused);
    add(out, "platform_up", "gauge", "1 while requests may be made.", facts->open);
    add(out, "disk_low", "gauge", "1 while transfers wait for room on the disk.", facts->disk_low);
    add(out, "oldest_pending_age_seconds", "gauge", "Age of the oldest image that is not sent.",
        facts->oldest_waiting_s);
    add(out, "uploads_total", "counter", "Images sent by this process.", facts->uploads);
    add(out, "upload_bytes_total", "counter", "Bytes of these images.", facts->upload_bytes);
    add(out, "sboms_stored_total", "counter", "SBOM documents stored by this process.",
        facts->sboms);
    if (facts->token_expires_s != 0)
        add(out, "token_expiry_timestamp_seconds", "gauge",
            "When the token expires, as configured.", facts->token_expires_s);
}

struct metrics *metrics_new(uv_loop_t *loop, const char *path)
{
    struct metrics *metrics = xcalloc(1, sizeof *metrics);
    const char *slash = strrchr(path, '/');

    metrics->loop = loop;
    metrics->folder = slash > path ? xstrndup(path, (size_t)(slash - path)) : xstrdup("/");
    metrics->name = slash ? slash + 1 : path;
    return metrics;
}

static void release(struct metrics *metrics)
{
    void (*closed)(void *) = metrics->closed;
    void *owner = metrics->closed_owner;

    buf_release(&metrics->text);
    free(metrics->folder);
    free(metrics);
    closed(owner);
}

static void run(void *data)
{
    struct metrics *metrics = data;

    (void)publish_bytes(metrics->folder, metrics->name, metrics->text.bytes, metrics->text.size,
                        0644, &metrics->err);
}

static void on_written(void *data, bool cancelled)
{
    struct metrics *metrics = data;
    bool failed = metrics->err.kind != ERR_OK;

    (void)cancelled;
    metrics->op = NULL;
    if (failed && !metrics->failed)
        log_warn("metrics_not_written", F_TEXT("file", metrics->name),
                 F_TEXT("reason", metrics->err.message));
    metrics->failed = failed;
    if (metrics->closed)
        release(metrics);
}

void metrics_write(struct metrics *metrics, const struct metrics_facts *facts)
{
    if (metrics->op || metrics->closed)
        return;
    buf_clear(&metrics->text);
    metrics_text(facts, &metrics->text);
    metrics->err = (struct err){.kind = ERR_OK};
    metrics->op = work_start(metrics->loop, run, on_written, metrics);
}

void metrics_free(struct metrics *metrics, void (*closed)(void *owner), void *owner)
{
    metrics->closed = closed;
    metrics->closed_owner = owner;
    if (!metrics->op)
        release(metrics);
}
