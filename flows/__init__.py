"""Orchestration and all input and output; nothing here estimates or decides.

Under a Prefect worker this import comes before that of any library that has to find its settings in
the environment; the command `hearcast` prepares them itself, by its configuration.
"""

import os

if "PREFECT__FLOW_RUN_ID" in os.environ:
    from flows import environment

    environment.prepare(2)
