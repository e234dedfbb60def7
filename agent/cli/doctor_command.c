/*
 * doctor_command.c - doctor: one page about everything that has to be right.
 */
#include "base/log.h"
#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/doctor_parts.h"

/* From what costs nothing to what may wait for an answer. */
static int examine(struct session *session, struct err *err)
{
    struct doctor doctor;

    (void)err; /* the findings have said it */
    /* What the layers below would log is told as a finding. */
    log_setup(LOG_LEVEL_ALERT, LOG_FORMAT_TEXT, false);
    doctor_begin(&doctor, session);
    doctor_program(&doctor);
    doctor_machine(&doctor);
    const struct config *config = doctor_configuration(&doctor);
    if (config) {
        doctor_network(&doctor, config);
        doctor_watches(&doctor, config);
        doctor_folders(&doctor, config);
        doctor_platform(&doctor, config);
    }
    return doctor_end(&doctor);
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "one page: all that can be wrong here, from disk to token",
    .about = "Looks and changes nothing. Lines begin with ok, warn or FAIL, and say what to do.\n"
             "Exits 0 when nothing failed, else with the code of the most basic failure: 78\n"
             "configuration, 77 token, 69 platform, 74 state directory. Run it as the agent's\n"
             "user: rights and proxy variables are those of the caller.\n",
    .examples = "onekey-agent doctor\n"
                "onekey-agent -c /etc/onekey-agent/config.yaml doctor --json | jq '.ok'\n",
    .run = examine,
};
