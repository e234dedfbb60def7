#include "run/pace.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { NOTES = 11, NOTE_EVERY_MS = 60000, LEAST_MS = 1000 };

struct note {
    int64_t at_ms;
    int64_t bytes;
};

struct track { /* of one watch */
    char *watch;
    struct note notes[NOTES]; /* a ring, the oldest at first */
    size_t first;
    size_t count;
    struct track *next;
};

struct pace {
    struct track *tracks;
};

static struct track *find(const struct pace *pace, const char *watch)
{
    struct track *track = pace->tracks;

    while (track && strcmp(track->watch, watch) != 0)
        track = track->next;
    return track;
}

static struct track *make(struct pace *pace, const char *watch)
{
    struct track *track = xcalloc(1, sizeof *track);

    track->watch = xstrdup(watch);
    track->next = pace->tracks;
    pace->tracks = track;
    return track;
}

struct pace *pace_new(void)
{
    return xcalloc(1, sizeof(struct pace));
}

void pace_free(struct pace *pace)
{
    while (pace && pace->tracks) {
        struct track *track = pace->tracks;

        pace->tracks = track->next;
        free(track->watch);
        free(track);
    }
    free(pace);
}

void pace_note(struct pace *pace, const char *watch, int64_t bytes, int64_t now_ms)
{
    struct track *track = find(pace, watch);

    if (!track)
        track = make(pace, watch);
    const struct note *last = &track->notes[(track->first + track->count + NOTES - 1) % NOTES];
    if (track->count > 0 && now_ms - last->at_ms < NOTE_EVERY_MS)
        return;
    if (track->count == NOTES) {
        track->first = (track->first + 1) % NOTES;
        track->count--;
    }
    track->notes[(track->first + track->count++) % NOTES] = (struct note){now_ms, bytes};
}

int64_t pace_ms_for(const struct pace *pace, const char *watch, int64_t bytes, int64_t more,
                    int64_t now_ms)
{
    const struct track *track = find(pace, watch);

    if (!track)
        return -1;
    int64_t ms = now_ms - track->notes[track->first].at_ms;
    int64_t moved = bytes - track->notes[track->first].bytes;
    if (ms < LEAST_MS || moved <= 0)
        return -1;
    /* Terabytes times minutes do not fit an integer. */
    double left_ms = (double)more / (double)moved * (double)ms;
    return left_ms < (double)INT64_MAX / 2 ? (int64_t)left_ms : -1;
}
