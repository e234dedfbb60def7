#include "cli/job_summary.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/printable.h"
#include "ci/report.h"
#include "ci/severity.h"
#include "onekey/refusal.h"

/* Text is in memory, of bounded rows: a stream that fails has no memory left. */
struct page {
    FILE *stream;
    char *text;
    size_t size;
};

static void page_begin(struct page *page)
{
    page->text = NULL;
    page->stream = open_memstream(&page->text, &page->size);
    if (!page->stream)
        abort();
}

static char *page_end(struct page *page)
{
    if (fclose(page->stream) != 0)
        abort();
    return page->text;
}

/* Bytes from 0x80 on are parts of UTF-8; blanks are harmless, a line end is no blank here. */
static bool is_plain(unsigned char byte)
{
    return byte >= 0x80 || isalnum(byte) || byte == ' ' || byte == '/' || byte == '-';
}

/* printable is what printable.h made: without line ends, too. */
static void put(struct page *page, const char *printable)
{
    for (const char *at = printable; *at; at++) {
        unsigned char byte = (unsigned char)*at;

        if (is_plain(byte))
            fputc(byte, page->stream);
        else
            fprintf(page->stream, "&#%u;", (unsigned)byte);
    }
}

static void put_name(struct page *page, const char *name)
{
    auto_free char *printable = printable_new(name);

    put(page, printable);
}

/* GitHub drops a page over 1 MiB: a name must not cost all the others. */
static void put_short(struct page *page, const char *name)
{
    char text[REPORT_PLACE_SIZE];

    put(page, refusal_excerpt(name, text, sizeof text));
}

static void begin_page(struct page *page, const struct subject *subject, const char *verdict)
{
    auto_free char *title = subject_title(subject);

    page_begin(page);
    fputs("### ONEKEY: ", page->stream);
    put(page, verdict);
    fputs(" in ", page->stream);
    put_short(page, title);
    fprintf(page->stream, "\n\n[Firmware](<%s>)", subject->firmware_link);
}

static void put_links(struct page *page, const struct subject *subject)
{
    fprintf(page->stream, " | [Issues](<%s>) | [CVEs](<%s>)", subject->issues_link,
            subject->cves_link);
    if (subject->compare_link)
        fprintf(page->stream, " | [Comparison](<%s>)", subject->compare_link);
    fputs("\n\n", page->stream);
}

/* Alignment of the numbers is Markdown's: a colon on the right. */
static void put_counts(struct page *page, const struct findings *findings,
                       const struct judgement *judgement)
{
    auto_free char *left_out = report_left_out(judgement);

    fprintf(page->stream,
            "| | new | dropped |\n|---|---:|---:|\n| Issues | %zu | %zu |\n| CVEs | %zu | %zu |\n",
            findings->new_issues.count, findings->dropped_issues.count, findings->new_cves.count,
            findings->dropped_cves.count);
    if (!left_out)
        return;
    fputs("\nDoes not count: ", page->stream);
    put_name(page, left_out);
    fputs("\n", page->stream);
}

static void put_row(struct page *page, const struct judgement *judgement,
                    const struct judged *judged)
{
    const struct finding *finding = judged->finding;
    auto_free char *reason = judgement_reason(judgement, judged);
    char place[REPORT_PLACE_SIZE];

    fputs("| ", page->stream);
    put_short(page, severity_text(finding->severity));
    fputs(" | ", page->stream);
    if (finding->type) {
        put_short(page, finding->type);
        fputs(" ", page->stream);
    }
    put_short(page, finding->id);
    fputs(" | ", page->stream);
    put(page, report_place(finding, place, sizeof place));
    fputs(" | ", page->stream);
    put_short(page, reason ? reason : "yes");
    fputs(" |\n", page->stream);
}

static void put_rows(struct page *page, const struct judgement *judgement)
{
    auto_free struct judged *sorted = judgement_sorted(judgement);
    size_t shown = judgement->count;

    if (shown > JOB_SUMMARY_ROWS_MAX)
        shown = JOB_SUMMARY_ROWS_MAX;
    if (shown > 0)
        fputs("\n| Severity | New finding | Where | Counts |\n|---|---|---|---|\n", page->stream);
    for (size_t i = 0; i < shown; i++)
        put_row(page, judgement, &sorted[i]);
    if (shown < judgement->count)
        fprintf(page->stream, "\nand %zu more\n", judgement->count - shown);
}

char *job_summary_text(const struct subject *subject, const struct findings *findings,
                       const struct judgement *judgement)
{
    auto_free char *verdict = report_verdict(judgement);
    struct page page;

    begin_page(&page, subject, verdict);
    put_links(&page, subject);
    put_counts(&page, findings, judgement);
    put_rows(&page, judgement);
    fputs("\n", page.stream);
    return page_end(&page);
}

char *job_summary_failure(const struct subject *subject, const char *reason)
{
    struct page page;

    begin_page(&page, subject, "no result");
    fputs("\n\n", page.stream);
    put_name(&page, reason);
    fputs("\n\n", page.stream);
    return page_end(&page);
}

char *job_summary_of_upload(const struct job_summary_upload *upload)
{
    const char *verdict = upload->failure    ? "upload failed"
                          : upload->is_known ? "known already"
                                             : "uploaded";
    struct page page;

    page_begin(&page);
    fprintf(page.stream, "### ONEKEY: %s", verdict);
    if (upload->name) {
        fputs(": ", page.stream);
        put_name(&page, upload->name);
    }
    fputs("\n\n", page.stream);
    if (upload->firmware_id && upload->link)
        fprintf(page.stream, "[Firmware %s](<%s>)\n\n", upload->firmware_id, upload->link);
    if (upload->failure) {
        put_name(&page, upload->failure);
        fputs("\n\n", page.stream);
    }
    return page_end(&page);
}

/* O_NONBLOCK: a pipe that nobody reads must not hold up the build. */
bool job_summary_append(const char *path, const char *text, struct err *err)
{
    size_t size = strlen(text);
    auto_fd int fd =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
    auto_free char *shown = printable_new(path);

    if (fd < 0)
        return err_sys(err, errno, "open %.200s", shown);
    ssize_t put = write(fd, text, size);
    if (put < 0)
        return err_sys(err, errno, "write %.200s", shown);
    return (size_t)put == size || err_sys(err, ENOSPC, "write %.200s", shown);
}
