"""The window that shows environments without exact rules."""
