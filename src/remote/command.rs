//! A user's own sending command. It cannot be asked whether it has happened.

use super::{Errand, Trouble};
use crate::host::proc::{self, Ended, Launch, StartError};
use crate::model::effect::SendCommand;

/// Runs the command to its end.
///
/// # Errors
/// `Unsent` if it could not be started, `Unclear` if it failed: what it did by then is not known.
pub fn apply(errand: &Errand<'_>, command: &SendCommand) -> Result<(), Trouble> {
    for file in &command.artifacts {
        errand.store.verified(file).map_err(|wrong| Trouble::Unsent(wrong.message))?;
    }
    let cwd =
        command.cwd.as_ref().map_or_else(|| errand.root.to_owned(), |cwd| errand.root.join(cwd));
    let env = (errand.env)().map_err(|wrong| Trouble::Unsent(wrong.message))?;
    let launch = Launch::own(&command.cmd, &cwd, &env);
    match proc::run(&launch, errand.stop, errand.say) {
        Ok(Ended::Ok) => Ok(()),
        Ok(Ended::Failed(Some(code))) => {
            Err(Trouble::Unclear(format!("it ended with exit code {code}")))
        }
        Ok(Ended::Failed(None)) => Err(Trouble::Unclear("it was ended by a signal".into())),
        Err(StartError::NotFound(name)) => {
            Err(Trouble::Unsent(format!("no program `{name}` on PATH")))
        }
        Err(StartError::NoFolder) => Err(Trouble::Unsent(format!("no folder {}", cwd.display()))),
        Err(StartError::Io(error)) => Err(Trouble::Unsent(error.to_string())),
    }
}
