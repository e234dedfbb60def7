/*
 * progress.c - the block is drawn with three sequences that every terminal has known for
 * decades: up so many lines, to the first column, clear what follows. Whatever else is
 * written to the terminal first clears the block (log.h's hook), so nothing is overwritten.
 *
 * Lines are cut to the width: a wrapped line would take two rows, and the way up would end
 * in the middle of the last block.
 */
#include "cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cli/text.h"

enum { COLUMNS_DEFAULT = 80, BLOCK_MAX_BYTES = 8192, WIDE_LEAD = 0xe1 };

struct progress {
    struct progress_options options;
    size_t drawn;    /* lines of the block that stand on the terminal */
    int64_t next_ms; /* no output before */
    char last[PROGRESS_LINE_SIZE];
};

static void write_all(const struct progress *progress, const struct buf *text)
{
    /* Progress that cannot be shown is no reason to stop. */
    ssize_t written = text->size ? write(progress->options.fd, text->bytes, text->size) : 0;

    (void)written;
}

/* Asked at each drawing: a window may be resized. */
static size_t columns_of(int fd)
{
    struct winsize size = {0};

    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

static void add_clear(struct progress *progress, struct buf *out)
{
    /* To the block's first line, then everything below goes. */
    if (progress->drawn > 0)
        buf_print(out, "\033[%zuA\r\033[J", progress->drawn);
    progress->drawn = 0;
}

static void add_line(struct progress *progress, struct buf *out, char *line, size_t columns)
{
    progress_cut(line, columns);
    buf_print(out, "%s\n", line);
    progress->drawn++;
}

static void draw(struct progress *progress, const struct agent_totals *totals)
{
    auto_buf struct buf out = {.max = BLOCK_MAX_BYTES};
    size_t columns = columns_of(progress->options.fd) - 1; /* a full line wraps on some */
    char line[PROGRESS_LINE_SIZE];

    add_clear(progress, &out);
    progress_total(totals, line);
    if (line[0] != '\0')
        add_line(progress, &out, line, columns);
    for (size_t i = 0; i < totals->transfer_count; i++) {
        progress_transfer(&totals->transfers[i], columns, line);
        add_line(progress, &out, line, columns);
    }
    write_all(progress, &out);
}

static void print(struct progress *progress, const struct agent_totals *totals)
{
    auto_buf struct buf out = {.max = BLOCK_MAX_BYTES};
    char line[PROGRESS_LINE_SIZE];

    progress_total(totals, line);
    if (line[0] == '\0' || strcmp(line, progress->last) == 0)
        return;
    snprintf(progress->last, sizeof progress->last, "%s", line);
    buf_print(&out, "onekey-agent: %s\n", line);
    write_all(progress, &out);
}

struct progress *progress_new(const struct progress_options *options)
{
    struct progress *progress = xcalloc(1, sizeof *progress);

    progress->options = *options;
    /* A pass of a few seconds needs no line of its own. */
    if (!options->is_terminal)
        progress->next_ms = options->now_ms() + PROGRESS_EVERY_MS;
    return progress;
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    progress_clear(progress);
    free(progress);
}

void progress_update(void *owner, const struct agent_totals *totals)
{
    struct progress *progress = owner;
    const struct progress_options *options = &progress->options;
    int64_t now_ms = options->now_ms();

    if (now_ms < progress->next_ms || (!options->is_terminal && options->only_block))
        return;
    progress->next_ms = now_ms + (options->is_terminal ? PROGRESS_REDRAW_MS : PROGRESS_EVERY_MS);
    if (options->is_terminal)
        draw(progress, totals);
    else
        print(progress, totals);
}

void progress_clear(void *owner)
{
    struct progress *progress = owner;
    auto_buf struct buf out = {.max = BLOCK_MAX_BYTES};

    add_clear(progress, &out);
    write_all(progress, &out);
}

bool progress_can_draw(int fd, const char *term)
{
    return term && strcmp(term, "") != 0 && strcmp(term, "dumb") != 0 && isatty(fd);
}

/* ---- pure ---- */

int64_t progress_to_send(const struct agent_totals *totals)
{
    static const enum item_state states[] = {ITEM_FOUND,   ITEM_SETTLING,    ITEM_HASHING,
                                             ITEM_PENDING, ITEM_REGISTERING, ITEM_UPLOADING};
    int64_t sum = 0;

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        sum += totals->counts[states[i]];
    return sum;
}

/* What finds no room is left out: a line is never longer than its buffer. */
static void add(char line[PROGRESS_LINE_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(char line[PROGRESS_LINE_SIZE], const char *format, ...)
{
    size_t used = strlen(line);
    va_list args;

    va_start(args, format);
    vsnprintf(line + used, PROGRESS_LINE_SIZE - used, format, args);
    va_end(args);
}

static void add_to_send(const struct agent_totals *totals, char line[PROGRESS_LINE_SIZE])
{
    int64_t to_send = progress_to_send(totals);
    char text[TEXT_SIZE];

    if (to_send == 0)
        return;
    add(line, ", %jd to send", (intmax_t)to_send);
    if (totals->waiting_bytes <= 0)
        return;
    add(line, " (%s", text_bytes(totals->waiting_bytes, text));
    if (totals->rate > 0)
        add(line, ", %s left", text_left(totals->waiting_bytes, totals->rate, text));
    add(line, ")");
}

/* Nothing where nothing is going on: an idle daemon shows no line. */
static void add_items(const struct agent_totals *totals, char line[PROGRESS_LINE_SIZE])
{
    static const enum item_state shown[] = {ITEM_ANALYSING, ITEM_FETCHING, ITEM_UNCONFIRMED,
                                            ITEM_HELD, ITEM_FAILED};
    int64_t waiting = totals->counts[ITEM_ANALYSING] + totals->counts[ITEM_FETCHING];
    char text[TEXT_SIZE];

    if (progress_to_send(totals) + waiting == 0 && totals->transfer_count == 0)
        return;
    add(line, "%jd sent", (intmax_t)totals->uploads);
    if (totals->upload_bytes > 0)
        add(line, " (%s)", text_bytes(totals->upload_bytes, text));
    if (totals->rate > 0)
        add(line, ", %s", text_rate(totals->rate, text));
    add_to_send(totals, line);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (totals->counts[shown[i]] > 0)
            add(line, ", %jd %s", (intmax_t)totals->counts[shown[i]], item_state_name(shown[i]));
    }
}

static void add_exports(const struct agent_totals *totals, char line[PROGRESS_LINE_SIZE])
{
    const struct export_counts *counts = &totals->exports;

    if (totals->export_left == 0)
        return;
    add(line, "%s%jd of %jd firmwares exported, %jd documents written", line[0] ? ", " : "",
        (intmax_t)(counts->listed - totals->export_left), (intmax_t)counts->listed,
        (intmax_t)counts->written);
    if (counts->failed > 0)
        add(line, ", %jd failed", (intmax_t)counts->failed);
}

void progress_total(const struct agent_totals *totals, char line[PROGRESS_LINE_SIZE])
{
    line[0] = '\0';
    add_items(totals, line);
    add_exports(totals, line);
}

/* From U+1000 on characters may be wide; counting some narrow ones double only cuts earlier. */
static size_t width_of(const char *at)
{
    return (unsigned char)*at >= WIDE_LEAD ? 2 : 1;
}

static size_t next_of(const char *at)
{
    size_t length = utf8_length(at, strlen(at));

    return length ? length : 1;
}

static size_t columns_taken(const char *text)
{
    size_t columns = 0;

    for (; *text; text += next_of(text))
        columns += width_of(text);
    return columns;
}

/* The end of a path tells more than its beginning. */
static void add_tail(char line[PROGRESS_LINE_SIZE], const char *path, size_t columns)
{
    static const char dots[] = "...";
    size_t room = columns > columns_taken(line) ? columns - columns_taken(line) : 0;

    if (columns_taken(path) <= room) {
        add(line, "%s", path);
        return;
    }
    if (room < sizeof dots)
        return;
    while (*path && columns_taken(path) > room - (sizeof dots - 1))
        path += next_of(path);
    add(line, "%s%s", dots, path);
}

void progress_transfer(const struct live_transfer *transfer, size_t columns,
                       char line[PROGRESS_LINE_SIZE])
{
    auto_free char *path = printable_new(transfer->path ? transfer->path : "");
    int64_t done = transfer->bytes_done;
    int64_t total = transfer->bytes_total;
    char some[TEXT_SIZE];
    char all[TEXT_SIZE];

    line[0] = '\0';
    add(line, "  %-4s ", transfer->direction);
    /* Framing is sent too, so done may pass total by a little. */
    if (total > 0) {
        int percent = done >= total ? 100 : (int)((double)done * 100 / (double)total);
        add(line, "%3d%%  %s of %s", percent, text_bytes(done, some), text_bytes(total, all));
    } else {
        add(line, "      %s", text_bytes(done, some));
    }
    add(line, "  %s", text_rate(transfer->rate, some));
    if (total > 0)
        add(line, "  %s", text_left(total > done ? total - done : 0, transfer->rate, some));
    add(line, "  ");
    add_tail(line, path, columns);
}

void progress_cut(char *line, size_t columns)
{
    size_t taken = 0;
    char *at = line;

    while (*at && taken + width_of(at) <= columns) {
        taken += width_of(at);
        at += next_of(at);
    }
    *at = '\0';
}
