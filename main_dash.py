"""The dashboard: `make run`, or `streamlit run main_dash.py`.

The server imports this file for `app`; each visit to a page runs it as a script.
"""

import streamlit as st

from src.dashboard.navigation import run
from src.dashboard.start import ready_first

if __name__ == "__main__":
    run()
else:
    app = st.App(__file__, lifespan=ready_first)
