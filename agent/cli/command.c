/* command.c - the table; its order is that of the help. */
#include "cli/command.h"

#include <assert.h>

const struct command *const command_list[] = {
    &command_run,         &command_once,         &command_status,      &command_list_firmwares,
    &command_show,        &command_explain,      &command_retry,       &command_forget,
    &command_pause,       &command_resume,       &command_rescan,      &command_list_tenants,
    &command_token_check, &command_config_check, &command_config_show, NULL,
};

int command_failed(const struct err *err)
{
    int exit_code = err_kind_exit(err->kind);

    assert(exit_code != 0);
    return exit_code;
}
