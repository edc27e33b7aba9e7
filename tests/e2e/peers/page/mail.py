"""A real mail server that keeps what it is sent: `mail.py FOLDER PORT`. One file a mail; the first line says to whom."""

import asyncio
import pathlib
import sys

from aiosmtpd.controller import UnthreadedController


class Keeper:
    """Keeps mails; refuses those to an address that says so, as a real server refuses people it does not know."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        whole = self.folder / f"{self.count:04}.eml"
        partial = whole.with_suffix(".part")
        partial.write_bytes(f"To: {','.join(envelope.rcpt_tos)}\n".encode() + envelope.content)
        partial.rename(whole)
        return "250 kept"


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
controller = UnthreadedController(Keeper(sys.argv[1]), hostname="127.0.0.1", port=int(sys.argv[2]), loop=loop)
controller.begin()
loop.run_forever()
