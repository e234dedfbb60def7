/*
 * report.c - a build's log is read from its end and by people in a hurry: what counts comes first,
 * the list has a bound, and each name stays on its own line.
 */
#include "ci/report.h"

#include "base/auto.h"
#include "base/mem.h"
#include "ci/severity.h"
#include "onekey/refusal.h"

enum { SHORT_SIZE = 81 };

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void write_basis(FILE *stream, const struct subject *subject)
{
    switch (subject->basis) {
    case BASIS_PREVIOUS:
        fprintf(stream, "compared with firmware %s\n", subject->previous_id);
        break;
    case BASIS_FIRST:
        fprintf(stream, "first firmware of its product: all its findings are new\n");
        break;
    case BASIS_UNKNOWN:
        fprintf(stream, "compared with nothing: all its findings count as new\n");
        break;
    }
}

static void write_counts(FILE *stream, const struct findings *findings,
                         const struct judgement *judgement)
{
    auto_free char *left_out = report_left_out(judgement);
    auto_free char *verdict = report_verdict(judgement);

    fprintf(stream, "issues: %zu new, %zu dropped\n", findings->new_issues.count,
            findings->dropped_issues.count);
    fprintf(stream, "CVEs: %zu new, %zu dropped\n", findings->new_cves.count,
            findings->dropped_cves.count);
    fprintf(stream, "%s%s%s\n", verdict, left_out ? "; " : "", left_out ? left_out : "");
}

static const char *mark_of(enum judged_as as)
{
    switch (as) {
    case JUDGED_COUNTS:
        return "counts";
    case JUDGED_IGNORED:
        return "ignored";
    case JUDGED_BELOW:
        break;
    }
    return "below";
}

/* An issue is known by its type and place; its ID is what an ignore file wants. */
static void write_row(FILE *stream, const struct judged *judged)
{
    const struct finding *finding = judged->finding;
    char severity[SHORT_SIZE];
    char id[SHORT_SIZE];
    char type[SHORT_SIZE];
    char place[REPORT_PLACE_SIZE];

    refusal_excerpt(severity_text(finding->severity), severity, sizeof severity);
    refusal_excerpt(finding->id, id, sizeof id);
    refusal_excerpt(finding->type ? finding->type : "issue", type, sizeof type);
    report_place(finding, place, sizeof place);
    fprintf(stream, "  %-7s  %-13s  ", mark_of(judged->as), severity);
    if (finding->kind == FINDING_ISSUE)
        fprintf(stream, "%s  %s  (issue %s)\n", type, place, id);
    else
        fprintf(stream, "%s  %s\n", id, place);
}

static void write_rows(FILE *stream, const struct judgement *judgement)
{
    auto_free struct judged *sorted = judgement_sorted(judgement);
    size_t shown = judgement->count < REPORT_ROWS_MAX ? judgement->count : REPORT_ROWS_MAX;

    if (shown > 0)
        fprintf(stream, "\nnew findings:\n");
    for (size_t i = 0; i < shown; i++)
        write_row(stream, &sorted[i]);
    if (shown < judgement->count)
        fprintf(stream, "  and %zu more\n", judgement->count - shown);
}

static void write_links(FILE *stream, const struct subject *subject)
{
    fprintf(stream, "\nfirmware: %s\nissues:   %s\nCVEs:     %s\n", subject->firmware_link,
            subject->issues_link, subject->cves_link);
    if (subject->compare_link)
        fprintf(stream, "compare:  %s\n", subject->compare_link);
}

void report_write(FILE *stream, const struct subject *subject, const struct findings *findings,
                  const struct judgement *judgement)
{
    auto_free char *title = subject_title(subject);
    char shown[REPORT_PLACE_SIZE];

    fprintf(stream, "%s (%s)\n", refusal_excerpt(title, shown, sizeof shown), subject->firmware_id);
    write_basis(stream, subject);
    write_counts(stream, findings, judgement);
    write_rows(stream, judgement);
    write_links(stream, subject);
}

char *report_verdict(const struct judgement *judgement)
{
    size_t counting = judgement->counting;

    if (counting == 0 && judgement->count == 0)
        return xstrdup("no new findings");
    if (counting == 0)
        return xstrdup("no new finding counts against the build");
    return xasprintf("%zu new finding%s count%s against the build", counting, plural(counting),
                     counting == 1 ? "s" : "");
}

const char *report_place(const struct finding *finding, char *text, size_t size)
{
    const char *place = finding->kind == FINDING_ISSUE ? finding->file : finding->description;

    return refusal_excerpt(place ? place : "", text, size);
}

char *report_left_out(const struct judgement *judgement)
{
    bool has_ignored = judgement->ignored > 0;
    bool has_below = judgement->below > 0;
    auto_free char *below = has_below ? xasprintf("%zu less grave than %s", judgement->below,
                                                  severity_text(judgement->min_severity))
                                      : NULL;

    if (!has_ignored)
        return auto_take(below);
    return xasprintf("%zu ignored%s%s", judgement->ignored, has_below ? ", " : "",
                     has_below ? below : "");
}
