/*
 * remote_list.c - the answer goes into a nameless file and is read twice: the first time to
 * see that it is whole and says no error at its end, the second time to print it.
 */
#include "cli/remote_list.h"

#include <errno.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/platform.h"
#include "control/answer_json.h"
#include "onekey/inventory.h"

enum { INVENTORY_MAX_BYTES = 1 << 30, CHUNK_BYTES = 256 * 1024 };

static void auto_reader_fn(struct inventory_reader **reader)
{
    inventory_reader_free(*reader);
}

#define auto_reader __attribute__((cleanup(auto_reader_fn)))

static bool feed_all(int fd, struct inventory_reader *reader, struct err *err)
{
    auto_free char *chunk = xcalloc(1, CHUNK_BYTES);

    for (off_t at = 0;;) {
        ssize_t got = pread(fd, chunk, CHUNK_BYTES, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(err, errno, "read the temporary file");
        if (got == 0)
            return true;
        if (!inventory_reader_feed(reader, chunk, (size_t)got, err))
            return false;
        at += got;
    }
}

/* True when the whole answer is there and without errors. */
static bool read_inventory(int fd, inventory_fn on_firmware, void *owner, struct err *err)
{
    auto_reader struct inventory_reader *reader = inventory_reader_new(on_firmware, owner);

    return feed_all(fd, reader, err) && inventory_reader_finish(reader, NULL, err);
}

static void ignore(void *owner, const struct inventory_firmware *firmware)
{
    (void)owner;
    (void)firmware;
}

/* A list that was cut may be whole the next time: its ERR_PROTOCOL is asked for again. */
static void judge(void *owner, const struct platform_end *end, struct err *err)
{
    const int *fd = owner;

    (void)end;
    if (err->kind == ERR_OK)
        (void)read_inventory(*fd, ignore, NULL, err);
}

/* The name comes last: it may have blanks, and nobody knows the widest one. */
static void print_text(void *owner, const struct inventory_firmware *firmware)
{
    struct out *out = owner;

    out->rows++;
    out_print(out, "%-36s  ", firmware->id);
    out_name(out, firmware->version ? firmware->version : "-");
    out_print(out, "  ");
    out_name(out, *firmware->name ? firmware->name : "-");
    out_print(out, "\n");
}

static void print_json(void *owner, const struct inventory_firmware *firmware)
{
    auto_json json_t *row = json_object();

    answer_json_put_text(row, "id", firmware->id);
    answer_json_put_text(row, "name", firmware->name);
    answer_json_put_text(row, "version", firmware->version);
    out_json_row(owner, row);
}

static bool print(struct session *session, int fd, struct err *err)
{
    struct out *out = &session->out;
    bool as_json = session->args.json;

    if (!read_inventory(fd, as_json ? print_json : print_text, out, err))
        return false;
    if (out->rows == 0)
        session_notice(session, "the token sees no firmware");
    if (as_json)
        out_json_end(out);
    return true;
}

int remote_list(struct session *session, struct err *err)
{
    auto_platform struct platform *platform = platform_open(session, err);
    auto_fd int fd = platform ? platform_scratch(platform, err) : -1;
    auto_free char *request = inventory_request(INVENTORY_PLAIN);
    const struct platform_download download = {
        .path = "graphql",
        .body = request,
        .fd = fd,
        .max_size = INVENTORY_MAX_BYTES,
        .judge = judge,
        .owner = &fd,
    };

    if (fd < 0)
        return command_failed(err);
    if (!platform_fetch(platform, &download, err)) {
        err_wrap(err, "list the firmwares");
        return command_failed(err);
    }
    return print(session, fd, err) ? 0 : command_failed(err);
}
