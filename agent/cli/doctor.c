/* doctor.c - a finding as a line or as JSON, and what all of them come to. */
#include "cli/doctor.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "control/answer_json.h"

/* A path and a message; what is longer is cut, since it is for reading. */
enum { TEXT_ROOM = 4096 };

enum status { STATUS_OK, STATUS_WARN, STATUS_FAIL };

struct finding {
    enum status status;
    const char *name;
    const char *action; /* NULL: nothing is to be done */
};

static const char *word_of(enum status status, bool for_people)
{
    switch (status) {
    case STATUS_OK:
        return for_people ? "ok  " : "ok";
    case STATUS_WARN:
        return "warn";
    case STATUS_FAIL:
        return for_people ? "FAIL" : "fail";
    }
    abort();
}

/* Name and action are ours, but an action may repeat a path. */
static void write_line(struct out *out, const struct finding *finding, const char *text)
{
    out_print(out, "%s %s: ", word_of(finding->status, true), finding->name);
    out_name(out, text);
    if (finding->action) {
        out_print(out, "; ");
        out_name(out, finding->action);
    }
    out_print(out, "\n");
}

static void add_row(json_t *checks, const struct finding *finding, const char *text)
{
    json_t *row = json_object();

    answer_json_put_text(row, "name", finding->name);
    answer_json_put_text(row, "status", word_of(finding->status, false));
    answer_json_put_text(row, "text", text);
    answer_json_put_text(row, "action", finding->action);
    json_array_append_new(checks, row);
}

__attribute__((format(printf, 3, 0))) static void
add(struct doctor *doctor, const struct finding *finding, const char *format, va_list args)
{
    char text[TEXT_ROOM];

    vsnprintf(text, sizeof text, format, args);
    if (doctor->checks)
        add_row(doctor->checks, finding, text);
    else
        write_line(&doctor->session->out, finding, text);
}

void doctor_begin(struct doctor *doctor, struct session *session)
{
    *doctor = (struct doctor){.session = session};
    if (session->args.json)
        doctor->checks = json_array();
}

void doctor_ok(struct doctor *doctor, const char *name, const char *format, ...)
{
    const struct finding finding = {STATUS_OK, name, NULL};
    va_list args;

    va_start(args, format);
    add(doctor, &finding, format, args);
    va_end(args);
}

void doctor_warn(struct doctor *doctor, const char *name, const char *action, const char *format,
                 ...)
{
    const struct finding finding = {STATUS_WARN, name, action};
    va_list args;

    va_start(args, format);
    add(doctor, &finding, format, args);
    va_end(args);
}

void doctor_fail(struct doctor *doctor, const struct doctor_trouble *trouble, const char *format,
                 ...)
{
    const struct finding finding = {STATUS_FAIL, trouble->name, trouble->action};
    int exit_code = err_kind_exit(trouble->kind);
    va_list args;

    assert(exit_code != 0);
    va_start(args, format);
    add(doctor, &finding, format, args);
    va_end(args);
    /* Of two of the same area the first: the later one may follow from it. */
    if (doctor->has_failed && doctor->worst <= trouble->area)
        return;
    doctor->has_failed = true;
    doctor->worst = trouble->area;
    doctor->exit_code = exit_code;
}

int doctor_end(struct doctor *doctor)
{
    if (doctor->checks) {
        auto_json json_t *document = json_object();

        answer_json_put(document, "checks", doctor->checks);
        answer_json_put(document, "ok", json_boolean(!doctor->has_failed));
        doctor->checks = NULL;
        out_json(&doctor->session->out, document);
    }
    return doctor->exit_code;
}
