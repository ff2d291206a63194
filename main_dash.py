"""The dashboard: `make run`, or `streamlit run main_dash.py`."""

from src.dashboard.navigation import run

run()
