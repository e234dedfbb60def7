#include "flow/inventory_step.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/publish.h"
#include "store/remote.h"

enum {
    INVENTORY_MAX_BYTES = 1 << 30, /* in a scratch file, never in memory */
    CHUNK_BYTES = 32768,           /* some 300 firmwares, a few milliseconds of rows a turn */
};

void inventory_init(struct inventory *inventory, struct batch_job *job)
{
    *inventory = (struct inventory){.job = job, .fd = -1};
}

void inventory_release(struct inventory *inventory)
{
    inventory_reader_free(inventory->reader);
    free(inventory->chunk);
    if (inventory->fd >= 0)
        close(inventory->fd);
    *inventory = (struct inventory){
        .job = inventory->job,
        .fd = -1,
        .detail = inventory->detail,
        .take = inventory->take,
        .owner = inventory->owner,
    };
}

/* Some servers say 200 to a question that they cannot understand, some say 400. */
static bool is_not_understood(const struct inventory *inventory, const struct http_reply *reply)
{
    enum inventory_detail detail = inventory->detail;

    return reply->status == 400 && detail != INVENTORY_PLAIN && inventory_next_detail(&detail);
}

static void on_downloaded(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct inventory *inventory = owner;

    inventory->size = reply->received;
    inventory->lacks_field = err && is_not_understood(inventory, reply);
    job_finish_op(&inventory->job->job, inventory->lacks_field ? NULL : err);
}

/* Later than every listing before it, whatever the clock says: "not there before" rests on it. */
static bool date_it(struct inventory *inventory, struct err *err)
{
    int64_t before = 0;

    if (!remote_listed_at(inventory->job->flow->db, &before, err))
        return false;
    inventory->began_at = clock_wall_ms();
    if (inventory->began_at <= before)
        inventory->began_at = before + 1;
    return true;
}

bool inventory_download(struct inventory *inventory, struct err *err)
{
    struct flow *flow = inventory->job->flow;
    auto_free char *url = flow_graphql_url(flow);
    auto_free char *body = inventory_request(inventory->detail);

    inventory_release(inventory);
    inventory->fd = publish_scratch(flow->settings.state_dir, err);
    if (inventory->fd < 0 || !date_it(inventory, err) || !flow_may_request(flow, err))
        return false;
    const struct http_fetch fetch = {
        .url = url,
        .body = body,
        .fd = inventory->fd,
        .max_size = INVENTORY_MAX_BYTES,
        .authenticated = true,
    };
    inventory->job->job.op = http_download(flow->http, &fetch, on_downloaded, inventory, err);
    return inventory->job->job.op != NULL;
}

/* ---- the scratch file, a chunk a turn ---- */

static void read_chunk(struct inventory *inventory);

static void end_reading(struct inventory *inventory)
{
    if (inventory->cancelled)
        err_set(&inventory->err, ERR_CANCELLED, "ended while the inventory was read");
    job_finish_op(&inventory->job->job, inventory->err.kind == ERR_OK ? NULL : &inventory->err);
}

static void on_firmware(void *owner, const struct inventory_firmware *firmware)
{
    struct inventory *inventory = owner;

    if (inventory->err.kind != ERR_OK)
        return;
    if (inventory->take)
        (void)inventory->take(inventory->owner, firmware, &inventory->err);
    else
        (void)remote_seen(inventory->job->flow->db, firmware->id, firmware->name, firmware->version,
                          inventory->began_at, &inventory->err);
}

static void on_chunk(uv_fs_t *request)
{
    struct inventory *inventory = request->data;
    ssize_t got = request->result;

    uv_fs_req_cleanup(request);
    if (got < 0)
        err_sys(&inventory->err, (int)-got, "read the inventory");
    /* Rows of an earlier chunk are lost: what they told would look as if it were not there. */
    if (turn_losses(inventory->job->flow->turn) != inventory->losses)
        err_set(&inventory->err, ERR_STORE, "keep the inventory: the ledger could not be written");
    if (got > 0 && !inventory->cancelled && inventory->err.kind == ERR_OK) {
        inventory->at += got;
        /* A false here comes again from inventory_reader_finish(), with its reason. */
        if (inventory_reader_feed(inventory->reader, inventory->chunk, (size_t)got,
                                  &inventory->err) &&
            inventory->err.kind == ERR_OK) {
            read_chunk(inventory);
            return;
        }
    }
    end_reading(inventory);
}

static void read_chunk(struct inventory *inventory)
{
    uv_buf_t buffer = uv_buf_init(inventory->chunk, CHUNK_BYTES);

    inventory->read.data = inventory;
    int code = uv_fs_read(inventory->job->flow->loop, &inventory->read, inventory->fd, &buffer, 1,
                          inventory->at, on_chunk);
    if (code < 0)
        abort(); /* it only fails without memory */
}

static void cancel_reading(struct op *op)
{
    struct inventory *inventory = (struct inventory *)((char *)op - offsetof(struct inventory, op));

    inventory->cancelled = true;
}

bool inventory_read(struct inventory *inventory, struct err *err)
{
    (void)err;
    inventory->reader = inventory_reader_new(on_firmware, inventory);
    inventory->chunk = xcalloc(1, CHUNK_BYTES);
    inventory->losses = turn_losses(inventory->job->flow->turn);
    inventory->op.cancel = cancel_reading;
    inventory->job->job.op = &inventory->op;
    read_chunk(inventory);
    return true;
}

bool inventory_finish(struct inventory *inventory, struct err *err)
{
    size_t count = 0;

    if (!inventory_reader_finish(inventory->reader, &count, err)) {
        inventory->lacks_field = inventory_reader_lacks_field(inventory->reader);
        return false;
    }
    if (!remote_listed(inventory->job->flow->db, inventory->began_at, err))
        return false;
    inventory->job->flow->survey.has_inventory = true;
    inventory->job->flow->survey.inventory_at = inventory->began_at;
    log_debug("inventory", F_INT("firmwares", count));
    return true;
}
