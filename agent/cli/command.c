/* command.c - the table; its order is that of the help. */
#include "cli/command.h"

#include <assert.h>
#include <string.h>

const struct command *const command_list[] = {
    &command_upload_firmware,
    &command_ci_result,
    &command_run,
    &command_once,
    &command_status,
    &command_list_firmwares,
    &command_show,
    &command_explain,
    &command_retry,
    &command_forget,
    &command_pause,
    &command_resume,
    &command_rescan,
    &command_sbom_get,
    &command_sbom_export,
    &command_sbom_diff,
    &command_sbom_history,
    &command_sbom_verify,
    &command_sbom_accept,
    &command_list_tenants,
    &command_list_product_groups,
    &command_list_analysis_configurations,
    &command_query,
    &command_token_check,
    &command_doctor,
    &command_config_check,
    &command_config_show,
    &command_completion,
    NULL,
};

const struct command_section command_sections[] = {
    {"Build servers", &command_upload_firmware},
    {"The agent", &command_run},
    {"SBOMs", &command_sbom_get},
    {"The platform", &command_list_tenants},
    {"This program", &command_config_check},
    {NULL, NULL},
};

/* Of a family that is not listed the first command's own summary holds. */
static const struct {
    const char *word;
    const char *summary;
} families[] = {
    {"config", "is the configuration right; what holds, and why"},
    {"sbom", "get, export, diff, history, verify and accept SBOMs"},
};

size_t command_family_size(const struct command *command)
{
    const char *blank = strchr(command->name, ' ');

    return blank ? (size_t)(blank - command->name) : 0;
}

const char *command_family_summary(const struct command *command)
{
    size_t size = command_family_size(command);

    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (strlen(families[i].word) == size && strncmp(families[i].word, command->name, size) == 0)
            return families[i].summary;
    }
    return command->summary;
}

int command_failed(const struct err *err)
{
    int exit_code = err_kind_exit(err->kind);

    assert(exit_code != 0);
    return exit_code;
}
