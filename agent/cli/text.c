#include "cli/text.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { LONGEST_S = 30 * 24 * 3600 };

const char *text_bytes(int64_t bytes, char text[TEXT_SIZE])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    double amount = (double)bytes / 1024;

    if (bytes < 1024) {
        snprintf(text, TEXT_SIZE, "%jd B", (intmax_t)bytes);
        return text;
    }
    /* 1023.96 would be printed as 1024.0 */
    while (amount >= 1023.95 && unit + 1 < sizeof units / sizeof units[0]) {
        amount /= 1024;
        unit++;
    }
    snprintf(text, TEXT_SIZE, "%.1f %s", amount, units[unit]);
    return text;
}

const char *text_rate(int64_t bytes_per_second, char text[TEXT_SIZE])
{
    text_bytes(bytes_per_second, text);
    strncat(text, "/s", TEXT_SIZE - strlen(text) - 1);
    return text;
}

const char *text_when(const char *rfc3339, char text[TEXT_SIZE])
{
    if (!rfc3339) {
        snprintf(text, TEXT_SIZE, "-");
        return text;
    }
    /* "2026-11-23T14:44:00.123Z": what a person does not read is left out. */
    snprintf(text, TEXT_SIZE, "%s", rfc3339);
    if (strlen(text) > 19 && text[10] == 'T') {
        text[10] = ' ';
        memcpy(text + 19, "Z", 2);
    }
    return text;
}

const char *text_left(int64_t bytes_left, int64_t bytes_per_second, char text[TEXT_SIZE])
{
    char span[CLOCK_TEXT_SIZE];

    if (bytes_left < 0 || bytes_per_second <= 0)
        snprintf(text, TEXT_SIZE, "-");
    else if (bytes_left / bytes_per_second > LONGEST_S)
        snprintf(text, TEXT_SIZE, "over 30 d");
    else
        snprintf(text, TEXT_SIZE, "%s",
                 clock_span_text(1000 * (bytes_left / bytes_per_second), span));
    return text;
}
