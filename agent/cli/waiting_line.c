/*
 * waiting_line.c - each write is one call: two steps of a pipeline may share a log.
 */
#include "cli/waiting_line.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/progress.h"

enum { COLUMNS_DEFAULT = 80 };

/* A line that wraps could not be drawn over. */
static size_t columns_of(int fd)
{
    struct winsize size = {0};

    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT - 1;
    return (size_t)size.ws_col - 1;
}

void waiting_line_init(struct waiting_line *line, const struct session *session, int64_t now_ms)
{
    const struct args *args = &session->args;

    *line = (struct waiting_line){
        .session = session,
        .is_silent = args->quiet || args->no_progress,
        .draws = progress_can_draw(STDERR_FILENO, session->environment("TERM")),
    };
    /* A wait of a few seconds needs no line of its own in a build's log. */
    if (!line->draws)
        line->next_ms = now_ms + WAITING_LINE_SAY_MS;
}

void waiting_line_show(struct waiting_line *line, int64_t now_ms, const char *text)
{
    if (line->is_silent || now_ms < line->next_ms)
        return;
    line->next_ms = now_ms + (line->draws ? WAITING_LINE_REDRAW_MS : WAITING_LINE_SAY_MS);
    if (!line->draws) {
        session_say("%s", text);
        return;
    }
    auto_free char *cut = xstrdup(text);
    progress_cut(cut, columns_of(STDERR_FILENO));
    fprintf(stderr, "\r\033[K%s", cut);
    line->is_drawn = true;
}

void waiting_line_clear(void *owner)
{
    struct waiting_line *line = owner;

    if (line->is_drawn)
        fputs("\r\033[K", stderr);
    line->is_drawn = false;
}

char *waiting_line_text(const char *what, int64_t start_ms, int64_t now_ms, int64_t deadline_ms)
{
    char waited[CLOCK_TEXT_SIZE];
    char left[CLOCK_TEXT_SIZE];

    clock_span_text(now_ms - start_ms, waited);
    if (deadline_ms == 0)
        return xasprintf("%s, %s", what, waited);
    return xasprintf("%s, %s, up to %s left", what, waited,
                     clock_span_text(deadline_ms - now_ms, left));
}
