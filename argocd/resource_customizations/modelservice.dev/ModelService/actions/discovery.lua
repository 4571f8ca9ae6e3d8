local suspended = obj.spec.suspend == true
return {
  restart = {disabled = suspended},
  suspend = {disabled = suspended},
  resume = {disabled = not suspended},
}
