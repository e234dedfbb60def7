/*
 * junit.c - written as it goes, so that memory does not grow with the findings: both suites are
 * counted first, as JUnit wants the counts in front.
 */
#include "ci/junit.h"

#include "base/auto.h"
#include "base/mem.h"
#include "ci/xml.h"

/* One of the two suites, and what its counts are. */
struct suite {
    const char *name;
    const char *link;
    const struct judged *items; /* new findings */
    size_t count;
    const struct finding_list *dropped;
    size_t failures;
    size_t tests;
};

static struct suite suite_of(const char *name, const char *link, const struct judged *items,
                             size_t count, const struct finding_list *dropped)
{
    struct suite suite = {
        .name = name, .link = link, .items = items, .count = count, .dropped = dropped};

    for (size_t i = 0; i < count; i++)
        suite.failures += items[i].as == JUDGED_COUNTS;
    suite.tests = count + dropped->count;
    return suite;
}

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

static void line(FILE *stream, const char *label, const char *text)
{
    fprintf(stream, "    %s: ", label);
    xml_text(stream, or_nothing(text));
    fputc('\n', stream);
}

/* The official client's lines, for the scripts that read them. */
static void write_details(FILE *stream, const struct suite *suite, const struct finding *finding)
{
    if (finding->kind == FINDING_ISSUE) {
        fputs("New issue detected\n", stream);
        line(stream, "URL", suite->link);
        line(stream, "Type", finding->type);
        line(stream, "Severity", finding->severity);
        line(stream, "File", finding->file);
    } else {
        fputs("New CVE detected\n", stream);
        line(stream, "URL", suite->link);
        line(stream, "CVE ID", finding->id);
        line(stream, "Severity", finding->severity);
        line(stream, "Description", finding->description);
    }
}

/* Up to the ">" or "/>" that the caller writes. */
static void begin_case(FILE *stream, const struct suite *suite, const struct finding *finding,
                       const char *status)
{
    auto_free char *issue_class = xasprintf("Issue: %s", or_nothing(finding->type));

    fputs("    <testcase", stream);
    xml_attribute(stream, "name", finding->id);
    xml_attribute(stream, "classname", finding->kind == FINDING_ISSUE ? issue_class : "CVE");
    xml_attribute(stream, "status", status);
    xml_attribute(stream, "file", finding->file);
    xml_attribute(stream, "url", suite->link);
}

static void write_new(FILE *stream, const struct suite *suite, const struct judgement *judgement,
                      const struct judged *judged)
{
    auto_free char *reason = judgement_reason(judgement, judged);
    const char *element = reason ? "skipped" : "failure";
    const char *news = judged->finding->kind == FINDING_ISSUE ? "New issue" : "New CVE";

    begin_case(stream, suite, judged->finding, "NEW");
    fprintf(stream, ">\n      <%s type=\"%s\"", element, element);
    xml_attribute(stream, "message", reason ? reason : news);
    fputc('>', stream);
    write_details(stream, suite, judged->finding);
    fprintf(stream, "</%s>\n    </testcase>\n", element);
}

static void write_suite(FILE *stream, const struct suite *suite, const struct judgement *judgement)
{
    fprintf(stream,
            "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
            "skipped=\"%zu\" time=\"0\">\n",
            suite->name, suite->tests, suite->failures, suite->count - suite->failures);
    for (size_t i = 0; i < suite->count; i++)
        write_new(stream, suite, judgement, &suite->items[i]);
    for (size_t i = 0; i < suite->dropped->count; i++) {
        begin_case(stream, suite, &suite->dropped->items[i], "DROPPED");
        fputs("/>\n", stream);
    }
    fputs("  </testsuite>\n", stream);
}

void junit_write(FILE *stream, const struct subject *subject, const struct findings *findings,
                 const struct judgement *judgement)
{
    size_t issue_count = judgement->issue_count;
    const struct suite issues = suite_of("ONEKEY identified issues", subject->issues_link,
                                         judgement->items, issue_count, &findings->dropped_issues);
    const struct suite cves = suite_of("ONEKEY identified CVE entries", subject->cves_link,
                                       judgement->items + issue_count,
                                       judgement->count - issue_count, &findings->dropped_cves);

    fprintf(stream,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"0\">\n",
            issues.tests + cves.tests, issues.failures + cves.failures);
    write_suite(stream, &issues, judgement);
    write_suite(stream, &cves, judgement);
    fputs("</testsuites>\n", stream);
}
