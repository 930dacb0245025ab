"""One file a command: joins the rooms, knows no click."""
