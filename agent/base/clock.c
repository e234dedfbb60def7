#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t clock_steady_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

const char *clock_text(int64_t wall_ms, char text[CLOCK_TEXT_SIZE])
{
    int64_t rest_ms = wall_ms % 1000;
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts = {0};

    if (rest_ms < 0) { // division goes towards 1970, a clock's parts never do
        rest_ms += 1000;
        seconds--;
    }
    gmtime_r(&seconds, &parts);
    size_t used = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, CLOCK_TEXT_SIZE - used, ".%03uZ", (unsigned)rest_ms % 1000U);
    return text;
}

const char *clock_span_text(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
    int64_t seconds = ms < 0 ? 0 : ms / 1000;
    int64_t minutes = seconds / 60;
    int64_t hours = minutes / 60;

    if (seconds < 120)
        snprintf(text, CLOCK_TEXT_SIZE, "%jd s", (intmax_t)seconds);
    else if (minutes < 120)
        snprintf(text, CLOCK_TEXT_SIZE, "%jd min", (intmax_t)minutes);
    else if (hours < 48)
        snprintf(text, CLOCK_TEXT_SIZE, "%jd h %jd min", (intmax_t)hours, (intmax_t)(minutes % 60));
    else
        snprintf(text, CLOCK_TEXT_SIZE, "%jd d %jd h", (intmax_t)(hours / 24),
                 (intmax_t)(hours % 24));
    return text;
}
