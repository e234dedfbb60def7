#include "watch/fingerprint.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"

enum { PIECE_SIZE = 1 << 20 };

/* The worker owns everything but `cancelled` while the work item is in flight. */
struct fingerprint {
    struct op op; /* first */
    uv_work_t work;
    struct fingerprint_options options;
    fingerprint_done_fn *done;
    void *owner;
    struct digest *digest;
    unsigned char *piece;
    int64_t offset;
    atomic_bool cancelled;
    bool ended;
    struct err err;
    char hex[DIGEST_HEX_SIZE];
};

static bool check_facts(const struct fingerprint *print, struct err *err)
{
    struct stat stat;

    if (fstat(print->options.fd, &stat) < 0)
        return err_sys(err, errno, "stat file");

    struct beneath_facts facts = beneath_facts_of(&stat);
    if (!beneath_facts_equal(&facts, &print->options.facts, print->options.network))
        return err_set(err, ERR_CHANGED, "hash file: it changed");
    return true;
}

static bool begin(struct fingerprint *print)
{
    int64_t size = print->options.facts.size;

    if (!check_facts(print, &print->err))
        return false;
    posix_fadvise(print->options.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    print->piece = xcalloc(1, (size_t)(size < PIECE_SIZE ? size : PIECE_SIZE) + 1);
    print->digest = digest_new();
    return true;
}

static bool add_piece(struct fingerprint *print)
{
    int64_t left = print->options.facts.size - print->offset;
    size_t want = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
    ssize_t got;

    do {
        got = pread(print->options.fd, print->piece, want, print->offset);
    } while (got < 0 && errno == EINTR);
    // a server's other clients may have replaced the file under our descriptor
    if (got < 0 && errno == ESTALE)
        return err_set(&print->err, ERR_CHANGED, "read file: it was replaced");
    if (got < 0)
        return err_sys(&print->err, errno, "read file");
    if (got == 0)
        return err_set(&print->err, ERR_CHANGED, "hash file: it became shorter");
    digest_add(print->digest, print->piece, (size_t)got);
    print->offset += got;
    return true;
}

/* Returns true when there is more to do. */
static bool advance(struct fingerprint *print)
{
    if (atomic_load(&print->cancelled))
        return err_set(&print->err, ERR_CANCELLED, "hash file: cancelled");
    if (!print->digest && !begin(print))
        return false;
    if (print->offset < print->options.facts.size && !add_piece(print))
        return false;
    if (print->offset < print->options.facts.size)
        return true;
    if (check_facts(print, &print->err))
        digest_hex(print->digest, print->hex);
    return false;
}

static void on_work(uv_work_t *work)
{
    struct fingerprint *print = work->data;

    print->ended = !advance(print);
}

static void on_worked(uv_work_t *work, int status)
{
    struct fingerprint *print = work->data;
    bool is_cancelled = atomic_load(&print->cancelled);

    if (status == 0 && !print->ended && !is_cancelled) {
        uv_queue_work(work->loop, work, on_work, on_worked);
        return;
    }
    if (is_cancelled)
        err_set(&print->err, ERR_CANCELLED, "hash file: cancelled");

    bool ok = print->err.kind == ERR_OK;
    print->done(print->owner, ok ? print->hex : NULL, ok ? NULL : &print->err);
    digest_free(print->digest);
    free(print->piece);
    free(print);
}

static void cancel(struct op *op)
{
    struct fingerprint *print = (struct fingerprint *)op;

    atomic_store(&print->cancelled, true);
    uv_cancel((uv_req_t *)&print->work); // EBUSY when it runs already: then the flag ends it
}

struct op *fingerprint_start(uv_loop_t *loop, const struct fingerprint_options *options,
                             fingerprint_done_fn *done, void *owner)
{
    struct fingerprint *print = xcalloc(1, sizeof *print);

    assert(options->fd >= 0);
    print->op.cancel = cancel;
    print->work.data = print;
    print->options = *options;
    print->done = done;
    print->owner = owner;
    atomic_init(&print->cancelled, false);
    uv_queue_work(loop, &print->work, on_work, on_worked);
    return &print->op;
}
