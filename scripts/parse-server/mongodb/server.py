"""NX-27017, a server of MongoDB's wire protocol on SQLite, as Parse Server needs it.

    server.py FOLDER     keeps each database as a file in the folder
    server.py memory     keeps them in memory

It takes a free port, says which, and ends with standard input.

Two of its faults are mended on the way in:
- It keeps a collection as a table of the same name and takes neither a name with a colon, which
  those of Parse Server's relations have, nor a word of SQL, like `Order`. Collections go by other
  names here.
- In `$addFields` a bare `$_id` is the number of SQLite's row to it, but in an expression the id.
"""

import asyncio
import logging
import os
import sys
import threading
from importlib.metadata import version

from nx_27017 import server
from nx_27017.handler import NeoSQLiteHandler

def with_table(body):
    """Renames the collection of a command, which is the value of its first key."""
    command, name = next(iter(body.items()))
    # Those of GridFS have dots and are known by their names.
    if isinstance(name, str) and "." not in name:
        body[command] = "collection_" + name.replace(":", "_colon_")


def with_expressions(body):
    """Turns a bare `$_id` in `$addFields` into an expression of the same value."""
    for stage in body.get("pipeline", []):
        added = stage.get("$addFields", {})
        for name, value in added.items():
            if value == "$_id":
                added[name] = {"$toString": value}


def parse(message):
    parsed = parse_message(message)
    for kind, body in parsed["sections"]:
        if kind == "body":
            with_table(body)
            with_expressions(body)
    return parsed


def end_with_starter():
    sys.stdin.buffer.read()
    os._exit(0)


parse_message = server.OP_MSG.parse
server.OP_MSG.parse = staticmethod(parse)
threading.Thread(target=end_with_starter, daemon=True).start()
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
print("NX-27017", version("nx-27017"), flush=True)
asyncio.run(server.run_server("127.0.0.1", 0, NeoSQLiteHandler(data_dir=sys.argv[1])))
